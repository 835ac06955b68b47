#!/usr/bin/env bash
# build-test-images.sh: the test images, as a docker-registry's storage → build/test-images/registry. About 40 s, then cached.
. "$(dirname "$0")/lib.sh"
entry=$cache/test-images-$(key_of test/images scripts/build-test-images.sh)
build() {
  say "making the test images from Debian packages (about 40 s)"
  test/images/make-images.sh "$out" >&2
}
once "$entry" build
mkdir -p build/test-images
ln -sfn "$entry/registry" build/test-images/registry
