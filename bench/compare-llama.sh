#!/usr/bin/env bash
# Runs the same GGUF files with Hearth and with llama.cpp (npm's node-llama-cpp, its prebuilt binaries), in turn, and prints the ratios.
#   npm install --prefix ~/llama node-llama-cpp --ignore-scripts
#   NODE_LLAMA_CPP=~/llama bench/compare-llama.sh [--shapes "qwen3-0.6b llama-3.2-1b"] [--types "q8_0 q4_0 q4_k_m bf16"] [--threads "1 2"]
#                                                 [--rounds 3] [--prompt 512] [--answer 64] [--out DIR]
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
source "$here/peer/settings.sh"

shapes="qwen3-0.6b llama-3.2-1b" types="q8_0 q4_0 q4_k_m bf16" threads="1 2" rounds=3 prompt=512 answer=64 out=""
while [ $# -gt 0 ]; do
  case "$1" in
    --shapes) shapes="$2" ;;
    --types) types="$2" ;;
    --threads) threads="$2" ;;
    --rounds) rounds="$2" ;;
    --prompt) prompt="$2" ;;
    --answer) answer="$2" ;;
    --out) out="$2" ;;
    *) echo "$0: '$1' is not an option." >&2; exit 2 ;;
  esac
  shift 2
done
if ! (cd "${NODE_LLAMA_CPP:-.}" && node -e 'require.resolve("node-llama-cpp")' 2>/dev/null); then
  echo "$0: there is no node-llama-cpp in '${NODE_LLAMA_CPP:-.}'. npm install --prefix DIR node-llama-cpp --ignore-scripts, then set NODE_LLAMA_CPP=DIR." >&2
  exit 3
fi
build_hearth
root="$(cd "$here/.." && pwd)"
dotnet build "$root/src/Hearth.Cli" -c Release -v quiet --nologo >&2
if [ -z "$out" ]; then
  out="$(mktemp -d)"
  trap 'rm -rf "$out"' EXIT
fi
mkdir -p "$out"

for shape in $shapes; do
  for type in $types; do
    "${hearth[@]}" random-model --shape "$shape" --type "$type" --out "$out/model.gguf" >&2
    for count in $threads; do
      for ((round = 1; round <= rounds; round++)); do
        name="$out/$shape-$type-$count-$round"
        dotnet "$root/artifacts/bin/Hearth.Cli/release/hearth.dll" bench "$out/model.gguf" -p "$prompt" -n "$answer" -t "$count" -b 1 -r 3 --json >"$name.hearth.json"
        node "$here/peer/llama.mjs" "$out/model.gguf" --threads "$count" --prompt "$prompt" --answer "$answer" --repeats 2 >"$name.peer.json"
      done
    done
  done
done
rm -f "$out/model.gguf"
"$peer_python" "$here/peer/compare.py" llama "$out"
