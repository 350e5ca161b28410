#!/bin/sh
# Trains the mammogram model anew and measures it:   model/mammogram.sh FOLDER REPEATS
# FOLDER is mini-MIAS: labels.csv and the films. Goes on where it was stopped. The folds' models go
# into model/mammogram.folds, so that insitu evaluate-films can judge every film by one that has not
# seen it. Report and card are of the films that model/mammogram.card.toml names.
set -eu
cd "$(dirname "$0")/.."
films=$1 repeats=$2
folds=build/mammogram

if [ ! -e "$films/labels.csv" ]; then
  echo "$films/labels.csv is not there. Give the folder of mini-MIAS: make mammogram FILMS=FOLDER" >&2
  exit 1
fi

rm -rf "$folds"
export OMP_WAIT_POLICY=passive  # threads that spin while they wait slow each other down
build/train/insitu-train --config model/mammogram.toml --films "$films" --repeats "$repeats" \
  --fold-models "$folds" --checkpoint build/checkpoints/mammogram --out model/mammogram.onnx \
  --commit "$(model/source_commit.sh)" --source 'mini-MIAS (Suckling et al. 1994)'
rm -rf model/mammogram.folds
cp -R "$folds" model/mammogram.folds
model/cards.sh model/mammogram.card.toml
