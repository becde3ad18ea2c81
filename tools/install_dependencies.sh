#!/usr/bin/env bash
# Installs what a build needs from the system, and nothing that is there already.
#
#   tools/install_dependencies.sh [run|test|bench]
#
# run: the headers of nghttp2, zlib and SQLite, pkg-config, Python with pip. test: also virtual
# environments, openssl and a library that perf_analyzer loads. bench: also wrk and h2load.
# Uses apt or brew; where neither may install, it names the packages and ends with status 1.
set -euo pipefail

purpose=${1:-run}
case $purpose in
  run | test | bench) ;;
  *)
    echo "usage: $0 [run|test|bench]" >&2
    exit 2
    ;;
esac

say() { echo "install_dependencies: $*" >&2; }
has() { command -v "$1" >/dev/null 2>&1; }
has_library() { has pkg-config && pkg-config --exists "$1"; }

if ! has swift; then
  say "swift is not in PATH; install Swift 6.2 or later from https://www.swift.org/install"
  exit 1
fi

missing=()
need() { missing+=("$@"); }

missing_on_debian() {
  has pkg-config || need pkg-config
  has_library libnghttp2 || need libnghttp2-dev
  has_library zlib || need zlib1g-dev
  has_library sqlite3 || need libsqlite3-dev
  has python3 || need python3
  python3 -m pip --version >/dev/null 2>&1 || need python3-pip
  [ "$purpose" = run ] && return
  python3 -c 'import ensurepip, venv' >/dev/null 2>&1 || need python3-venv
  has openssl || need openssl
  has curl || need curl
  if [ "$(uname -m)" = x86_64 ] && ! ldconfig -p 2>/dev/null | grep -q libb64.so.0d; then
    need libb64-0d
  fi
  [ "$purpose" = bench ] || return 0
  has wrk || need wrk
  has h2load || need nghttp2-client
  has taskset || need util-linux
}

missing_on_macos() {
  has pkg-config || need pkgconf
  has_library libnghttp2 || need libnghttp2
  has_library zlib || need zlib
  has python3 || need python3
  [ "$purpose" = bench ] || return 0
  has wrk || need wrk
  has h2load || need nghttp2
}

case $(uname -s) in
  Linux) missing_on_debian ;;
  Darwin) missing_on_macos ;;
  *)
    say "unknown system $(uname -s): Linux and macOS are supported"
    exit 1
    ;;
esac
[ ${#missing[@]} -eq 0 ] && exit 0

say "missing: ${missing[*]}"
if has apt-get; then
  as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    if has sudo && sudo -n true 2>/dev/null; then
      as_root=(sudo)
    else
      say "installing needs root; run: sudo apt-get install -y ${missing[*]}"
      exit 1
    fi
  fi
  export DEBIAN_FRONTEND=noninteractive
  install() { "${as_root[@]}" apt-get install -y --no-install-recommends "${missing[@]}"; }
  if ! install >/dev/null 2>&1; then
    "${as_root[@]}" apt-get update >/dev/null || true
    install >&2 || {
      say "apt-get failed; run: sudo apt-get install -y ${missing[*]}"
      exit 1
    }
  fi
elif has brew; then
  brew install "${missing[@]}" >&2 || {
    say "brew failed; run: brew install ${missing[*]}"
    exit 1
  }
else
  say "no apt-get and no brew; install the equivalents of: ${missing[*]}"
  exit 1
fi
