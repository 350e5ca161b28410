#!/bin/sh
# Runs a command with the project's node, npm programs and Emscripten first on PATH.
set -eu
toolchain=$(dirname "$0")/../build/toolchain
[ -e "$toolchain/env.sh" ] || { echo 'No toolchain yet: make setup' >&2; exit 1; }
# shellcheck source=/dev/null
. "$toolchain/env.sh"
exec "$@"
