#!/bin/sh
# Runs one stage of a make verb: says what it is, and how long it took.
#   cmake/step.sh LABEL COMMAND…
label=$1
shift
echo "== $label"
started=$(date +%s)
"$@" </dev/null
status=$?
[ $status = 0 ] && result='done' || result='FAILED'
echo "== $label: $result, $(($(date +%s) - started)) s"
exit $status
