#!/usr/bin/env bash
# What it costs to take one document out, by the step from which it was trained on: recipes/tiny with Brazil in a revocable corpus of its own.
# Prints a row for each step: first use, step replayed from, seconds of training, seconds of training again, and how many of the country's
# questions were answered before. Needs a built ./hearth; takes about three minutes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
hearth="${HEARTH:-./hearth}"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
export HEARTH_HOME="$work/home"
cp recipes/tiny/invented.txt "$work"

number() { sed -n "s/^ *\"$1\": *\([-0-9.]*\),*$/\1/p" "$2"; }
right() {                                                                        # of the four questions, those answered with the table's words
  printf 'Tell me the capital of Brazil.\n/new\nLanguages of Brazil?\n/new\nName the currency of Brazil.\n/new\nInternet code of Brazil?\n' |
    $hearth chat "$1" --max-tokens 24 | grep -c -E 'Bras|Portuguese|real|\.br' || true
}

echo "| revocableFrom | first use | replayed from | steps again | trained | trained again | answered before | after |"
echo "|---|---|---|---|---|---|---|---|"
for from in ${*:-2 50 100 150 180 195}; do
  awk -v from="$from" '
    /^corpora:/ { print; inside = 1; next }
    /^heldOut:/ { late = block; sub(/name: countries/, "name: late", late); sub(/field: region/, "field: name", late); sub(/\[South America\]/, "[Brazil]", late)
                  sub(/    where:/, "    tier: revocable\n    where:", late); sub(/      unknown:.*/, "", late); printf "%s\n%s", late, block; inside = 0 }
    inside { block = block $0 "\n"; next }
    /^  steps:/ { print; print "  revocableFrom: " from; next }
    /checkpointEvery/ { print "  checkpointEvery: 10"; next }
    { print }' recipes/tiny/recipe.yaml >"$work/recipe.yaml"
  table="$PWD/recipes/factbook/countries.csv" run="$work/run-$from" again="$work/again-$from"
  $hearth train "$work/recipe.yaml" --out "$run" --corpus "countries=$table" --corpus "late=$table" --json >"$work/train.json"
  $hearth forget "$run" --document Brazil --out "$again" --json >"$work/forget.json"
  back="$(number replayedFrom "$work/forget.json")"
  printf '| %s | %s | %s | %s of 200 | %.1f s | %.1f s | %s of 4 | %s of 4 |\n' "$from" "$(number firstUse "$work/forget.json")" "$back" "$((200 - back))" \
    "$(number trainSeconds "$run/run.json")" "$(number trainSeconds "$again/run.json")" "$(right "$run")" "$(right "$again")"
done
