#!/bin/sh
# Trains the seed model anew:   model/train.sh FOLDER LIST OUT [flag of insitu-train…]
# What it is trained from goes into the model's metadata: the last commit that touched the sources
# (so that the same sources give the same bytes), and the names of the data set and the list.
set -eu
cd "$(dirname "$0")/.."
data=$1 list=$2 out=$3
shift 3

for needed in "$data" "$list"; do
  [ -e "$needed" ] && continue
  echo "$needed is not there. Give the folder of the public IDC release and a list of case ids:" >&2
  echo '  make train DATA=FOLDER CASES=LIST.txt' >&2
  exit 1
done

# The files and folders that decide which bytes come out; weights and texts do not.
commit=unknown
if git rev-parse --git-dir >/dev/null 2>&1; then
  sources='CMakeLists.txt cmake/flags.cmake shared model :!model/*.onnx :!model/*.md'
  # shellcheck disable=SC2086  # one word a path
  commit=$(git log -1 --format=%H -- $sources)
  # shellcheck disable=SC2086
  git diff --quiet HEAD -- $sources || commit=$commit-changed
fi

# OpenMP's threads spin while they wait for each other unless told not to, which makes training ten
# times as slow where something else wants the same processors.
export OMP_WAIT_POLICY=passive
exec build/train/insitu-train --data "$data" --cases "$list" --out "$out" --commit "$commit" \
  --source "Public IDC patches (Cruz-Roa 2014; Janowczyk & Madabhushi 2016), $(basename "$list")" "$@"
