#!/usr/bin/env bash
# Runs the same GGUF files with Hearth and with llama.cpp (npm's node-llama-cpp, its prebuilt binaries), in turn, and prints the ratios.
#   npm install --prefix ~/llama node-llama-cpp --ignore-scripts
#   NODE_LLAMA_CPP=~/llama bench/compare-llama.sh [--shapes "qwen3-0.6b llama-3.2-1b"] [--types "q8_0 q4_0 q4_k_m bf16"] [--threads "1 2"]
#                                                 [--rounds 3] [--prompt 512] [--answer 64] [--parts "speed first memory"] [--out DIR]
# speed: prefill, decode and, with the most threads, 8 sequences at once. first: seconds from the command to the first token of the largest shape.
# memory: the most that Hearth holds with a context of 4,096 tokens, beside the file.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
source "$here/peer/settings.sh"

shapes="qwen3-0.6b llama-3.2-1b" types="q8_0 q4_0 q4_k_m bf16" threads="1 2" rounds=3 prompt=512 answer=64 parts="speed first memory" out=""
while [ $# -gt 0 ]; do
  case "$1" in
    --shapes) shapes="$2" ;;
    --types) types="$2" ;;
    --threads) threads="$2" ;;
    --rounds) rounds="$2" ;;
    --prompt) prompt="$2" ;;
    --answer) answer="$2" ;;
    --parts) parts="$2" ;;
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
mkdir -p "$out"

most="${threads##* }" largest="${shapes##* }"
words="$(printf 'the oven is warm and the bread is good %.0s' {1..4})"
long="$(printf 'the oven is warm and the bread is good %.0s' {1..104})"

for shape in $shapes; do
  for type in $types; do
    case "$parts" in *speed*) ;; *) [ "$shape" = "$largest" ] || continue ;; esac
    "${hearth[@]}" random-model --shape "$shape" --type "$type" --out "$out/model.gguf" >&2
    cat "$out/model.gguf" >/dev/null                                             # both sides find it in memory
    for ((round = 1; round <= rounds; round++)); do
      for count in $threads; do
        case "$parts" in *speed*) ;; *) continue ;; esac
        name="$out/$shape-$type-$count-$round" batch=1 sequences=1
        if [ "$count" = "$most" ]; then batch=1,8 sequences=8; fi
        dotnet "$program" bench "$out/model.gguf" -p "$prompt" -n "$answer" -t "$count" -b "$batch" -r 3 --json >"$name.hearth.json"
        node "$here/peer/llama.mjs" "$out/model.gguf" --threads "$count" --prompt "$prompt" --answer "$answer" --repeats 2 --sequences "$sequences" >"$name.peer.json"
      done
      [ "$shape" = "$largest" ] || continue
      case "$parts" in *first*)
        name="$out/first-$shape-$type-$most-$round"
        "$here/peer/measure.py" dotnet "$program" generate "$out/model.gguf" "$words" --max-tokens 1 --threads "$most" >"$name.hearth.json"
        "$here/peer/measure.py" node "$here/peer/llama.mjs" "$out/model.gguf" --threads "$most" --text "$words" >"$name.peer.json" ;;
      esac
    done
    if [ "$shape" = "$largest" ]; then
      case "$parts" in *memory*)
        name="$out/memory-$shape-$type-$most-1"
        "$here/peer/measure.py" dotnet "$program" generate "$out/model.gguf" "$long" --max-tokens 1 --threads "$most" >"$name.hearth.json"
        echo "{\"fileMB\": $(($(stat -c %s "$out/model.gguf") / 1000000))}" >"$name.peer.json" ;;
      esac
    fi
  done
done
rm -f "$out/model.gguf"
"$peer_python" "$here/peer/compare.py" llama "$out"
