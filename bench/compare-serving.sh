#!/usr/bin/env bash
# Answers side by side: hearth serve, asked over HTTP, and llama.cpp's continuous batching (npm's node-llama-cpp, in its own process), in turn, with the
# same file, threads and prompts. Prints tokens a second over all answers, reading included, and the time to the first token.
#   NODE_LLAMA_CPP=DIR bench/compare-serving.sh [--shape llama-3.2-1b] [--type q4_k_m] [--threads 2] [--streams 1,4,8,16] [--answer 64] [--rounds 3] [--out DIR]
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
source "$here/peer/settings.sh"

shape="llama-3.2-1b" type="q4_k_m" threads=2 streams="1,4,8,16" answer=64 rounds=3 out=""
while [ $# -gt 0 ]; do
  case "$1" in
    --shape) shape="$2" ;;
    --type) type="$2" ;;
    --threads) threads="$2" ;;
    --streams) streams="$2" ;;
    --answer) answer="$2" ;;
    --rounds) rounds="$2" ;;
    --out) out="$2" ;;
    *) echo "$0: '$1' is not an option." >&2; exit 2 ;;
  esac
  shift 2
done
require_llama
build_hearth
build_program
if [ -z "$out" ]; then
  out="$(mktemp -d)"
  trap 'rm -rf "$out"' EXIT
fi
mkdir -p "$out/home/models"
"${hearth[@]}" random-model --shape "$shape" --type "$type" --out "$out/home/models/model.gguf" >&2

for ((round = 1; round <= rounds; round++)); do
  HEARTH_HOME="$out/home" dotnet "$program" serve --port 0 --threads "$threads" >"$out/serve.txt" 2>"$out/serve.log" &
  server=$!
  until address="$(grep -o 'http://[0-9.:]*' "$out/serve.txt")"; do
    kill -0 "$server" || { cat "$out/serve.log" >&2; exit 1; }
    sleep 0.2
  done
  node "$here/peer/streams.mjs" --url "$address" --model model --threads "$threads" --streams "$streams" --answer "$answer" >"$out/serving-$round.hearth.json"
  kill "$server"
  wait "$server" || true
  node "$here/peer/streams.mjs" --file "$out/home/models/model.gguf" --threads "$threads" --streams "$streams" --answer "$answer" >"$out/serving-$round.peer.json"
done
rm -f "$out/home/models/model.gguf"
"$peer_python" "$here/peer/compare.py" serving "$out"
