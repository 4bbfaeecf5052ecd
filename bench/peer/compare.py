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
    print("model                       threads   prefill: Hearth  llama.cpp  ratio    decode: Hearth  llama.cpp  ratio  of reading")
    for name, pairs in measured.items():
        model, threads = name.rsplit("-", 1)
        rows = [{r["what"]: r for r in h["results"]} for h, _ in pairs]
        ours = {k: [r[k]["tokensPerSecond"] for r in rows] for k in ("prefill", "decode")}
        theirs = {k: [p[k] for _, p in pairs] for k in ("prefill", "decode")}
        ratio = {k: median(a / b for a, b in zip(ours[k], theirs[k])) for k in ours}
        share = median(r["decode"]["shareOfPeak"] for r in rows)
        print(f"{model:27} {threads:>7} {median(ours['prefill']):17.1f} {median(theirs['prefill']):10.1f} {ratio['prefill']:6.2f}"
              f" {median(ours['decode']):17.1f} {median(theirs['decode']):10.1f} {ratio['decode']:6.2f} {share:10.0%}")
    return False


if __name__ == "__main__":
    kind, folder = sys.argv[1:]
    sys.exit(1 if {"training": training, "matmul": matmul, "llama": llama}[kind](rounds(folder)) else 0)
