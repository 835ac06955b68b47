# shellcheck shell=bash
# Layers below $layers: NAME.tar.gz, and NAME.{diffid,digest,size} beside it.

digest() { echo "sha256:$(sha256sum <"$1" | cut -d' ' -f1)"; }

layer() { # layer NAME FOLDER: a folder as a layer; the same files always give the same digests
  local tar=$layers/$1.tar
  tar --sort=name --format=gnu --mtime=@0 --numeric-owner -C "$2" -cf "$tar" .
  digest "$tar" >"$layers/$1.diffid"
  gzip -nf -6 "$tar"
  digest "$tar.gz" >"$layers/$1.digest"
  stat -c %s "$tar.gz" >"$layers/$1.size"
}

layer_of_file() { # layer_of_file NAME: just one empty file, for an image that differs from the others
  mkdir "$work/file"
  : >"$work/file/$1"
  layer "file-$1" "$work/file"
  rm -r "$work/file"
}
