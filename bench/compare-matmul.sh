#!/usr/bin/env bash
# Multiplies the same matrices with Hearth and with OpenBLAS (through numpy), in turn, and prints the ratios.
#   bench/compare-matmul.sh [--threads "1 2"] [--rounds 3] [--repeats 9] [--clock wall|processor] [--out DIR]
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
source "$here/peer/settings.sh"

threads="1 2" rounds=3 repeats=9 clock=wall out=""
while [ $# -gt 0 ]; do
  case "$1" in
    --threads) threads="$2" ;;
    --rounds) rounds="$2" ;;
    --repeats) repeats="$2" ;;
    --clock) clock="$2" ;;
    --out) out="$2" ;;
    *) echo "$0: '$1' is not an option." >&2; exit 2 ;;
  esac
  shift 2
done
require_peer numpy
build_hearth
if [ -z "$out" ]; then
  out="$(mktemp -d)"
  trap 'rm -rf "$out"' EXIT
fi
mkdir -p "$out"

for count in $threads; do
  for ((round = 1; round <= rounds; round++)); do
    name="$out/matmul-$count-$round"
    "${hearth[@]}" matmul --threads "$count" --repeats "$repeats" --clock "$clock" --json "$name.hearth.json" >&2
    peer "$count" "$here/peer/matmul.py" --shapes "$name.hearth.json" --repeats "$repeats" --clock "$clock" >"$name.peer.json"
  done
done
"$peer_python" "$here/peer/compare.py" matmul "$out"
