#!/bin/sh
# Builds the Python package with what its tests need, and installs it into .venv.
# Skipped when nothing that goes into it is newer than the last time; forced by any argument.
set -eu
cd "$(dirname "$0")/.."

stamp=.venv/package.stamp
if [ $# = 0 ] && [ -e "$stamp" ] &&
    [ -z "$(find Cargo.toml Cargo.lock core python \( -name '*cache*' -o -name tests \) -prune -o -newer "$stamp" -type f -print |
        head -n 1)" ]; then
    exit 0
fi
echo "building the Python package (the first time takes a minute or two)"
.venv/bin/python -m pip install --quiet --disable-pip-version-check './python[test]'
touch "$stamp"
