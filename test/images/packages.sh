# shellcheck shell=bash
# Debian packages, downloaded once into $debs and unpacked, never installed.

# fetch NAME…: each NAME is a package, or several with "|" between them where Debian's releases differ; the first known one is taken
fetch() {
  local name wanted=()
  for name in "$@"; do
    name=$(known "$name")
    compgen -G "$debs/${name}_*.deb" >/dev/null || wanted+=("$name")
  done
  [ ${#wanted[@]} = 0 ] && return
  (cd "$debs" && apt-get -qq -o APT::Sandbox::User=root download "${wanted[@]}") ||
    die "cannot download ${wanted[*]}: run apt-get update, and check that the Debian mirror is reachable"
}

known() { # known NAME|NAME…: the first that is here or that apt has
  local name
  for name in ${1//|/ }; do
    if compgen -G "$debs/${name}_*.deb" >/dev/null || apt-cache show "$name" >/dev/null 2>&1; then
      echo "$name"
      return
    fi
  done
  die "apt knows none of $1: run apt-get update"
}

unpack() { # unpack NAME FOLDER: after fetch NAME
  local files
  files=("$debs/$(known "$1")"_*.deb)
  mkdir -p "$2"
  dpkg-deb -x "${files[-1]}" "$2"
}
