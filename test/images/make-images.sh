#!/usr/bin/env bash
# make-images.sh FOLDER: every image that the tests, crictl and critest name, as a docker-registry's storage below FOLDER/registry.
# The same packages give the same digests. About 40 s the first time.
. "$(dirname "$0")/../../scripts/lib.sh"
here=$PWD/test/images
files=$here/files debs=$cache/debs work=$1/work
layers=$work/layers
for part in packages layers push registry rootfs; do
  # shellcheck source=/dev/null
  . "$here/$part.sh"
done
as_root "making the test images (chroot, owners)"
need docker-registry "Debian's docker-registry"
need jq "Debian's jq"
need curl "Debian's curl"
export LC_ALL=C
umask 022
mkdir -p "$debs" "$layers"

nginx_packages=(nginx 'libssl3t64|libssl3' libpcre2-8-0 libcrypt1 zlib1g)
bench_packages=(git vim-runtime 'cpp-12|cpp-14-x86-64-linux-gnu' 'libicu72|libicu76' fonts-noto-core
  'gcc-12|gcc-14-x86-64-linux-gnu' locales python3-numpy skopeo)
fetch busybox libc6 "${nginx_packages[@]}" "${bench_packages[@]}"

rootfs_busybox
rootfs_nginx
rootfs_httpd
rootfs_group
rootfs_program pause 755
rootfs_program nonewprivs 4755
rootfs_bench
for name in test all test-image-latest test-image-digest test-image-1 test-image-2 test-image-3 same-image; do layer_of_file $name; done

start_registry "$1/registry" "$1/registry.log"
trap stop_registry EXIT

shell='{"Cmd":["sh"]}'
nginx='{"Cmd":["nginx","-g","daemon off;"],"ExposedPorts":{"80/tcp":{}},"StopSignal":"SIGQUIT"}'
httpd='{"Cmd":["sh","-c","echo httpd; exec httpd -f -p 80 -h /usr/local/apache2/htdocs"],"ExposedPorts":{"80/tcp":{}},"WorkingDir":"/usr/local/apache2"}'
pause='{"Entrypoint":["/pause"],"User":"65535:65535"}'
as_user() { echo "{\"Cmd\":[\"sh\"],\"User\":\"$1\"}"; }

# docker.io: what a person and our own tests pull
image library/busybox "latest" "$shell" busybox
image library/nginx latest "$nginx" busybox nginx
for tag in 1.35.0-glibc 1-uclibc 1 1-glibc 1-musl; do
  image library/busybox $tag "$shell" busybox
  image docker/library/busybox $tag "$shell" busybox # public.ecr.aws
done
# the kinds of manifest; the others are Docker's version 2
kind=oci image mix/busybox oci "$shell" busybox
kind=oci index=1 image mix/busybox oci-index "$shell" busybox
index=1 image mix/busybox manifest-list "$shell" busybox

# registry.k8s.io: kubelet and critest
image e2e-test-images/busybox 1.29-2 "$shell" busybox
image e2e-test-images/nginx 1.14-2 "$nginx" busybox nginx
image e2e-test-images/httpd 2.4.39-4 "$httpd" busybox httpd
image e2e-test-images/nonewprivs 1.3 '{"Entrypoint":["/nonewprivs"]}' nonewprivs
image pause 3.9 "$pause" pause
image pause "3.10 3.10.1" "$pause" pause # for runtimes with a pause container of their own: critest removes 3.9

# gcr.io: critest's images, each with a configuration of its own, for it compares image ids
staging=k8s-staging-cri-tools
image $staging/test-image-tag test "$shell" busybox file-test
image $staging/test-image-tag all "$shell" busybox file-all
for name in latest digest 1 2 3; do image $staging/test-image-$name latest "$shell" busybox file-test-image-$name; done
image $staging/test-image-tags "1 2 3" "$shell" busybox file-same-image
image $staging/test-image-user-uid latest "$(as_user 1002)" busybox
image $staging/test-image-user-username latest "$(as_user www-data)" busybox
image $staging/test-image-user-uid-group latest "$(as_user 1003:1004)" busybox
image $staging/test-image-user-username-group latest "$(as_user www-data:1004)" busybox
image $staging/test-image-predefined-group latest "$(as_user 1000)" busybox group
image $staging/hostnet-nginx-amd64 latest "$nginx" busybox nginx hostnet

# ten layers, about 125 MB compressed, for benchmarks of pulling
bench_layers=(busybox)
for name in "${bench_packages[@]}"; do bench_layers+=("bench-${name%%|*}"); done
image bench/100m latest "$shell" "${bench_layers[@]}"
rm -r "$work"
