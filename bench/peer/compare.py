#!/usr/bin/python3
"""Prints what a comparison measured: medians over the rounds of both sides, and the median of the rounds' ratios."""
import json
import pathlib
import statistics
import sys

LARGEST_DIFFERENCE = 0.01                                                        # of the losses, relative


def rounds(folder):
    """Pairs of reports of one round, by what was measured, in the order of their names."""
    measured = {}
    for path in sorted(pathlib.Path(folder).glob("*.hearth.json")):
        stem = path.name.removesuffix(".hearth.json")
        pair = [json.loads(p.read_text()) for p in (path, path.with_name(stem + ".peer.json"))]
        measured.setdefault(stem.rsplit("-", 1)[0], []).append(pair)
    return measured


def median(values):
    return statistics.median(values)


def training(measured):
    failed = False
    print("model    threads   Hearth tok/s  PyTorch tok/s  ratio (of each round)          peak MB  PyTorch's   first loss         last loss")
    for name, pairs in measured.items():
        model, threads = name.split("-")
        ours = [(h["rows"][0], h["facts"]) for h, _ in pairs]
        theirs = [p for _, p in pairs]
        ratios = [o["tokens/s"] / t["tokensPerSecond"] for (o, _), t in zip(ours, theirs)]
        row, peer = ours[-1][0], theirs[-1]
        each = " ".join(f"{r:.2f}" for r in ratios)
        print(f"{model:8} {threads:>7} {median(o['tokens/s'] for o, _ in ours):14,.0f} {median(t['tokensPerSecond'] for t in theirs):14,.0f}"
              f"  {median(ratios):5.2f} ({each})".ljust(80)
              + f"{median(f['peakMemoryMB'] for _, f in ours):7,.0f} {median(t['peakMemoryMB'] for t in theirs):10,.0f}"
              f"   {row['first loss']:.4f} / {peer['firstLoss']:.4f}   {row['last loss']:.4f} / {peer['lastLoss']:.4f}")
        same = ours[-1][1]["weights"] == peer["weights"] and all(
            abs(row[a] - peer[b]) <= LARGEST_DIFFERENCE * row[a] for a, b in (("first loss", "firstLoss"), ("last loss", "lastLoss")))
        if not same:
            print(f"  {name}: the two sides did not train the same model: weights {ours[-1][1]['weights']} and {peer['weights']}, losses above.")
            failed = True
    machine = next(iter(measured.values()))[-1][0]["machine"]
    peer = next(iter(measured.values()))[-1][1]
    print(f"{machine['processor']}, {machine['processors']} processors, {machine['runtime']}, commit {machine['commit'][:10]}; "
          f"PyTorch {peer['version']} ({peer['attention']}), {peer['importedMB']:.0f} MB once imported")
    return failed


def matmul(measured):
    for name, pairs in measured.items():
        threads = name.split("-")[1]
        print(f"{threads} thread(s): GFLOP/s   Hearth  packed before  OpenBLAS  ratio  packed before")
        for i, row in enumerate(pairs[0][0]["rows"]):
            shape = row["m x n x k"]
            whole, packed, peer = ([pick(h, p) for h, p in pairs] for pick in (
                lambda h, p: h["rows"][i]["GFLOP/s"], lambda h, p: h["rows"][i]["packed before"], lambda h, p: p["rates"][shape]))
            ratio, ratio_packed = (median(a / b for a, b in zip(side, peer)) for side in (whole, packed))
            print(f"  {shape:18} {median(whole):14,.0f} {median(packed):14,.0f} {median(peer):9,.0f} {ratio:6.2f} {ratio_packed:14.2f}")
        peak = median(h["facts"]["fmaPeakGflops"] for h, _ in pairs)
        print(f"  peak of fused multiply-adds in registers: {peak:,.0f} GFLOP/s")
    return False


def llama(measured):
    def ratio(ours, theirs):
        return f"{median(ours):9.1f} {median(theirs):10.1f} {median(a / b for a, b in zip(ours, theirs)):6.2f}"

    speeds = {name: pairs for name, pairs in measured.items() if not name.startswith(("first-", "memory-"))}
    if speeds:
        print("tokens a second; of each the median, and the median of the rounds' ratios")
        print(f"{'model':27} {'threads':>7}   {'prefill':>9} {'llama.cpp':>10} {'ratio':>6}   {'decode':>9} {'llama.cpp':>10} {'ratio':>6} {'of reading':>10}"
              f"   {'8 at once':>9} {'llama.cpp':>10} {'ratio':>6}")
    for name, pairs in speeds.items():
        model, threads = name.rsplit("-", 1)
        rows = [{(r["what"], r["batch"]): r for r in h["results"]} for h, _ in pairs]
        line = f"{model:27} {threads:>7}"
        for key, peer in ((("prefill", 1), "prefill"), (("decode", 1), "decode"), (("decode", 8), "batched")):
            if key not in rows[0]:
                continue
            line += "   " + ratio([r[key]["tokensPerSecond"] for r in rows], [p[peer] for _, p in pairs])
            if key == ("decode", 1):
                line += f" {median(r[key]['shareOfPeak'] for r in rows):10.0%}"
        print(line)
    for name, pairs in measured.items():
        if name.startswith("first-"):
            print(f"{name:35} seconds to the first token   " + ratio([h["seconds"] for h, _ in pairs], [p["seconds"] for _, p in pairs])
                  + f"   most memory, MB {median(h['peakMB'] for h, _ in pairs):7,.0f} {median(p['peakMB'] for _, p in pairs):7,.0f}")
        if name.startswith("memory-"):
            print(f"{name:35} most memory {pairs[0][0]['peakMB']:,.0f} MB, the cache of 4,096 tokens among it; the file has {pairs[0][1]['fileMB']:,} MB")
    return False


def serving(measured):
    pairs = next(iter(measured.values()))
    print("answers   Hearth tok/s  llama.cpp tok/s  ratio (of each round)     first token, ms: Hearth p50    p95   llama.cpp p50    p95")
    for i, row in enumerate(pairs[0][0]["rows"]):
        ours, theirs = [h["rows"][i] for h, _ in pairs], [p["rows"][i] for _, p in pairs]
        ratios = [a["tokensPerSecond"] / b["tokensPerSecond"] for a, b in zip(ours, theirs)]
        first = [median(r[key] for r in side) for side in (ours, theirs) for key in ("firstP50", "firstP95")]
        print(f"{row['streams']:7} {median(r['tokensPerSecond'] for r in ours):14.1f} {median(r['tokensPerSecond'] for r in theirs):16.1f}"
              f"  {median(ratios):5.2f} ({' '.join(f'{r:.2f}' for r in ratios)})".ljust(28)
              + f"{first[0]:28,.0f} {first[1]:6,.0f} {first[2]:15,.0f} {first[3]:6,.0f}")
    print(pairs[0][1]["engine"])
    return False


if __name__ == "__main__":
    kind, folder = sys.argv[1:]
    sys.exit(1 if {"training": training, "matmul": matmul, "llama": llama, "serving": serving}[kind](rounds(folder)) else 0)
