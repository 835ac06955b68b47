# shellcheck shell=bash
# Images of layers (layers.sh), pushed to the registry at $REG by its HTTP interface.
docker_types=(
  application/vnd.docker.container.image.v1+json application/vnd.docker.image.rootfs.diff.tar.gzip
  application/vnd.docker.distribution.manifest.v2+json application/vnd.docker.distribution.manifest.list.v2+json
)
oci_types=(
  application/vnd.oci.image.config.v1+json application/vnd.oci.image.layer.v1.tar+gzip
  application/vnd.oci.image.manifest.v1+json application/vnd.oci.image.index.v1+json
)

registry() { curl -fsS "$@"; }

push_blob() { # push_blob REPOSITORY FILE DIGEST
  local status upload
  status=$(curl -sI -o "$work/reply" -w '%{http_code}' "http://$REG/v2/$1/blobs/$3")
  [ "$status" != 200 ] || return 0
  upload=$(registry -X POST -o "$work/reply" -w '%header{location}' "http://$REG/v2/$1/blobs/uploads/")
  registry -X PUT -H 'Content-Type: application/octet-stream' -H Expect: --data-binary @"$2" -o "$work/reply" "$upload&digest=$3"
}

put_manifest() { # put_manifest REPOSITORY REFERENCE TYPE FILE
  registry -X PUT -H "Content-Type: $3" --data-binary @"$4" -o "$work/reply" "http://$REG/v2/$1/manifests/$2"
}

descriptor() { # descriptor TYPE SIZE DIGEST
  printf '{"mediaType":"%s","size":%s,"digest":"%s"}' "$1" "$2" "$3"
}

# image_config REPOSITORY:TAG CONFIG LAYER…: CONFIG is the part that says how to run it
image_config() {
  local name=$1 config=$2
  shift 2
  jq -cjn --arg name "$name" --argjson config "$config" --args '
    {created: "1970-01-01T00:00:00Z", architecture: "amd64", os: "linux",
     config: ({Env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"], Labels: {"test.image": $name}} + $config),
     rootfs: {type: "layers", diff_ids: $ARGS.positional},
     history: [$ARGS.positional[] | {created: "1970-01-01T00:00:00Z", created_by: "make-images.sh"}]}' \
    "$@"
}

# image REPOSITORY "TAG…" CONFIG LAYER…; with kind=oci in OCI's media types, with index=1 behind an index
image() {
  local repository=$1 tags=$2 config=$3
  shift 3
  local types=("${docker_types[@]}") file=$work/config.json name diff_ids=() blobs=() tag
  [ "${kind:-docker}" = docker ] || types=("${oci_types[@]}")
  for name in "$@"; do
    diff_ids+=("$(cat "$layers/$name.diffid")")
    blobs+=("$(descriptor "${types[1]}" "$(cat "$layers/$name.size")" "$(cat "$layers/$name.digest")")")
    push_blob "$repository" "$layers/$name.tar.gz" "$(cat "$layers/$name.digest")"
  done
  image_config "$repository:${tags%% *}" "$config" "${diff_ids[@]}" >"$file"
  push_blob "$repository" "$file" "$(digest "$file")"
  printf '{"schemaVersion":2,"mediaType":"%s","config":%s,"layers":[%s]}' "${types[2]}" \
    "$(descriptor "${types[0]}" "$(stat -c %s "$file")" "$(digest "$file")")" "$(IFS=,; echo "${blobs[*]}")" >"$work/manifest.json"
  [ "${index:-0}" = 0 ] || index_of "$repository" "${types[2]}" "${types[3]}"
  for tag in $tags; do put_manifest "$repository" "$tag" "${types[2 + ${index:-0}]}" "$work/manifest.json"; done
}

index_of() { # index_of REPOSITORY MANIFEST-TYPE INDEX-TYPE: pushes manifest.json by digest and puts an index that names it in its place
  local file=$work/manifest.json entry
  put_manifest "$1" "$(digest "$file")" "$2" "$file"
  entry=$(descriptor "$2" "$(stat -c %s "$file")" "$(digest "$file")")
  printf '{"schemaVersion":2,"mediaType":"%s","manifests":[%s,"platform":{"architecture":"amd64","os":"linux"}}]}' "$3" "${entry%\}}" >"$file.new"
  mv "$file.new" "$file"
}
