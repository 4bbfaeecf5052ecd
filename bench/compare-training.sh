#!/usr/bin/env bash
# Trains the same model from the same weights on the same tokens with Hearth and with PyTorch, in turn, and prints the ratios.
#   bench/compare-training.sh [--models "d256 d512"] [--threads "1 2"] [--rounds 3] [--steps 4] [--warm-up 2] [--clock wall|processor] [--out DIR]
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
source "$here/peer/settings.sh"

models="d256 d512" threads="1 2" rounds=3 steps=4 warm_up=2 clock=wall out=""
while [ $# -gt 0 ]; do
  case "$1" in
    --models) models="$2" ;;
    --threads) threads="$2" ;;
    --rounds) rounds="$2" ;;
    --steps) steps="$2" ;;
    --warm-up) warm_up="$2" ;;
    --clock) clock="$2" ;;
    --out) out="$2" ;;
    *) echo "$0: '$1' is not an option." >&2; exit 2 ;;
  esac
  shift 2
done
require_peer torch
build_hearth
if [ -z "$out" ]; then
  out="$(mktemp -d)"
  trap 'rm -rf "$out"' EXIT
fi
mkdir -p "$out"

for model in $models; do
  for count in $threads; do
    for ((round = 1; round <= rounds; round++)); do
      name="$out/$model-$count-$round"
      "${hearth[@]}" training --model "$model" --threads "$count" --steps "$steps" --warm-up "$warm_up" \
        --start "$out/start.safetensors" --clock "$clock" --json "$name.hearth.json" >&2
      peer "$count" "$here/peer/train.py" --model "$model" --threads "$count" --steps "$steps" --warm-up "$warm_up" \
        --start "$out/start.safetensors" --clock "$clock" >"$name.peer.json"
    done
  done
done
rm -f "$out/start.safetensors"
"$peer_python" "$here/peer/compare.py" training "$out"
