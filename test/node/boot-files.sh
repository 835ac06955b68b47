#!/usr/bin/env bash
# boot-files.sh [CGROUPS]: the test node's kernel and initramfs, from Debian packages that are unpacked, never installed. Prints
# their folder. CGROUPS is the version (2) that the kernel must have: later ones have no memory controller in version 1.
. "$(dirname "$0")/../../scripts/lib.sh"
cgroups=${1:-2}
case $cgroups in
  1) names=(linux-image-cloud-amd64) release='6[.]1[.]' ;;
  2) names=("$(version_of testNodeKernel)" linux-image-cloud-amd64) release='6[.](1[2-9]|[2-9][0-9])' ;;
  *) die "boot-files.sh: there is no version $cgroups of cgroups" ;;
esac
entry=$cache/testnode-$cgroups-$(key_of test/node/boot-files.sh test/node/init test/node/modules versions.json)

# kernel_package: the package behind the name in versions.json; Debian 13 has the same kernel as its usual one, Debian 12 an older one
kernel_package() {
  local name
  for name in "${names[@]}"; do
    apt-cache depends "$name" 2>/dev/null | awk -v wanted="^linux-image-$release" '/^  Depends:/ && $2 ~ wanted { print $2; exit }'
  done | head -1
}

download() { # download FOLDER: both packages, unpacked into it
  local package
  [ -n "$(kernel_package)" ] || apt-get -qq update || die "apt-get update failed: is the Debian mirror reachable?"
  package=$(kernel_package)
  [ -n "$package" ] || die "apt knows no cloud kernel $release: the test node needs Debian 12 on amd64, or a later one if cgroups are of version 2"
  mkdir "$1"
  (cd "$1" && apt-get -qq -o APT::Sandbox::User=root download "$package" busybox-static) ||
    die "cannot download $package: run apt-get update, and check that the Debian mirror is reachable"
  for deb in "$1"/*.deb; do dpkg-deb -x "$deb" "$1"; done
}

add_modules() { # add_modules KERNEL-FOLDER INITRAMFS: the listed modules, decompressed, and /order: what to load, one a line
  local version module file
  version=$(ls "$1/lib/modules")
  depmod -b "$1" "$version"
  mkdir "$2/modules"
  sed '/^#/d' test/node/modules | while read -r module; do
    modprobe -d "$1" -S "$version" --show-depends "$module" || die "kernel $version has no module $module"
  done | awk '/^insmod/ && !seen[$2]++ { print $2 }' | while read -r file; do
    module=$(basename "$file" .xz)
    case $file in
      *.xz) xz -dc "$file" ;;
      *) cat "$file" ;;
    esac >"$2/modules/$module"
    echo "$module" >>"$2/order"
  done
}

build() {
  local unpacked=$out/packages root=$out/root
  need depmod "Debian's kmod"
  need cpio "Debian's cpio"
  say "making the test node's kernel and initramfs"
  download "$unpacked" >&2
  mkdir -p "$root"/{bin,proc,sys,dev,lower,upper,newroot}
  cp "$(find "$unpacked" -path '*/bin/busybox' -type f)" "$root/bin/busybox"
  cp test/node/init "$root/init"
  chmod 755 "$root/init"
  add_modules "$unpacked" "$root"
  (cd "$root" && find . | cpio -o -H newc --quiet | gzip -1) >"$out/initrd.gz"
  cp "$unpacked"/boot/vmlinuz-* "$out/vmlinuz"
  rm -rf "$unpacked" "$root"
}
once "$entry" build
echo "$entry"
