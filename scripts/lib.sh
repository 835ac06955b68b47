# shellcheck shell=bash
# What the build scripts share. Source it; it changes into the checkout.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Big results live outside the checkout, keyed by what they were made of, so that clean clones share them.
cache=${A3S_BOX_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/a3s-box}
mkdir -p "$cache" build
# One for each checkout: cargo tells old from new by the files' times and by their paths in the workspace, so that two checkouts
# that share a folder get each other's code.
cargo_target=$cache/target-$(printf %s "$PWD" | sha256sum | cut -c1-8)

say() { printf '  %s\n' "$*" >&2; }
die() { printf 'a3s-box: %s\n' "$*" >&2; exit 1; }

# sudo forgets where root's or the caller's toolchains are
for home in "$HOME" /root "$(getent passwd "${SUDO_USER:-root}" | cut -d: -f6)"; do
  [ -d "$home/.cargo/bin" ] && PATH=$PATH:$home/.cargo/bin && export RUSTUP_HOME=${RUSTUP_HOME:-$home/.rustup}
done
PATH=$PATH:/usr/local/go/bin:/usr/local/sbin:/usr/sbin:/sbin
export PATH

need() { # need TOOL WHAT-FOR
  command -v "$1" >/dev/null || die "$1 is missing: install it ($2)"
}

version_of() { # version_of KEY: from versions.json, without jq
  sed -n "s/^ *\"$1\": \"\(.*\)\".*/\1/p" versions.json
}

key_of() { # key_of PATH…: one hash over files and folders, names and contents
  find "$@" -type f -not -path '*/target/*' -print0 | sort -z | xargs -0 sha256sum | sha256sum | cut -c1-16
}

# once DIR COMMAND…: runs COMMAND with $out set to a fresh folder that becomes DIR, unless DIR exists. One at a time.
once() {
  local dir=$1; shift
  [ -d "$dir" ] && return 0
  mkdir -p "$(dirname "$dir")"
  (
    flock 9
    [ -d "$dir" ] && exit 0
    rm -rf "$dir.tmp"
    mkdir "$dir.tmp"
    out=$dir.tmp "$@"
    mv "$dir.tmp" "$dir"
  ) 9>"$dir.lock"
}

as_root() {
  [ "$(id -u)" = 0 ] || die "$* needs root: run it with sudo"
}
