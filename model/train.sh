#!/bin/sh
# Trains a model anew:   model/train.sh CONFIG.toml FOLDER OUT [flag of insitu-train…]
# FOLDER holds the patches, the list cases_train.txt unless --cases names another, and, where they
# are, idc_case_counts.csv and manifest.csv. What it is trained from goes into the model's metadata:
# the last commit that touched the sources (so that the same sources give the same bytes), and the
# names of the data set and the list.
set -eu
cd "$(dirname "$0")/.."
config=$1 data=$2 out=$3
shift 3

list=$data/cases_train.txt
case " $* " in *' --cases '*) list= ;; esac
for needed in "$config" "$data" $list; do
  [ -e "$needed" ] && continue
  echo "$needed is not there. Give the folder of the public IDC release and a list of case ids:" >&2
  echo '  make train DATA=FOLDER TRAIN="--cases LIST.txt"' >&2
  exit 1
done
[ -z "$list" ] || set -- --cases "$list" "$@"

# How many patches of each case the whole release has, where the folder holds a part of them.
counts=$data/idc_case_counts.csv
[ ! -e "$counts" ] || set -- --counts "$counts" "$@"

# "--more unlisted": the cases of the folder that are in none of the published lists.
names=$(basename "${list:-cases}")
case " $* " in
  *' --more unlisted '*)
    mkdir -p build/train
    awk -F, '{ sub(/\r$/, "") } $6 == "unlisted" { print $2 }' "$data/manifest.csv" | sort -u >build/train/unlisted.txt
    names="$names and the cases of no published list"
    for word; do  # the same words, but for the one
      shift
      [ "$word" != unlisted ] || word=build/train/unlisted.txt
      set -- "$@" "$word"
    done
    ;;
esac

commit=$(model/source_commit.sh)

# OpenMP's threads spin while they wait for each other unless told not to, which makes training ten
# times as slow where something else wants the same processors.
export OMP_WAIT_POLICY=passive
exec build/train/insitu-train --config "$config" --data "$data" --out "$out" --commit "$commit" \
  --source "Public IDC patches (Cruz-Roa 2014; Janowczyk & Madabhushi 2016), $names" "$@"
