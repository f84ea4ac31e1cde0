#!/bin/sh
# Sees to it that cargo, a C compiler, the model checker SPIN and a Python environment in .venv are there. Quiet when they are.
# `setup.sh coverage` sees to LLVM's tools for `make coverage` besides.
# Debian packages that are missing are installed when this runs as root; otherwise it says which ones to install.
set -eu
cd "$(dirname "$0")/.."

fail() {
    echo "set-up: $*" >&2
    exit 1
}

# install PACKAGE... : Debian packages.
install() {
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        fail "please install the Debian package(s) $* (as root: apt-get install $*)"
    fi
    echo "set-up: installing $*"
    log=$(mktemp)
    { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "$@"; } >"$log" 2>&1 ||
        { cat "$log" >&2; fail "the Debian package(s) $* could not be installed"; }
    rm -f "$log"
}

# find_python: the first Python that is 3.11 or later, if there is one.
find_python() {
    for candidate in ${PYTHON:-} python3.11 python3 python3.12 python3.13 python3.14; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
}

for tool in cargo rustfmt cargo-clippy; do
    command -v "$tool" >/dev/null || fail "$tool is missing: please install Rust (rustup brings all of it)"
done
wanted=$(sed -n 's/^rust-version = "1\.\([0-9]*\).*/\1/p' Cargo.toml)
found=$(rustc --version | sed -n 's/^rustc 1\.\([0-9]*\).*/\1/p')
[ "${found:-0}" -ge "$wanted" ] || fail "Rust 1.$wanted or later is needed; here is $(rustc --version)"
command -v cc >/dev/null || install gcc libc6-dev
command -v spin >/dev/null || install spin

if ! .venv/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    python=$(find_python)
    if [ -z "$python" ]; then
        echo "set-up: there is no Python 3.11 or later"
        install python3 python3-venv
        python=$(find_python)
        [ -n "$python" ] || fail "Python 3.11 or later is missing: please install it, or name one with PYTHON=..."
    fi
    "$python" -c 'import ensurepip, venv' 2>/dev/null || install python3-venv
    "$python" -m venv --clear .venv || fail "$python could not make the environment .venv"
fi

# The first of Debian's that reads what today's rustc writes is 19.
if [ "${1:-}" = coverage ] && [ -z "${LLVM_COV:-}" ]; then
    found=
    for tool in "$(rustc --print sysroot)"/lib/rustlib/*/bin/llvm-cov /usr/bin/llvm-cov-19 /usr/bin/llvm-cov-[2-9][0-9]; do
        [ ! -x "$tool" ] || found=$tool
    done
    [ -n "$found" ] || install llvm-19
fi
