#!/bin/sh
# rustc for `make coverage`: what it builds of this workspace counts what runs.
exec "$@" -C instrument-coverage
