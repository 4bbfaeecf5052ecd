#!/usr/bin/python3
"""Products of the shapes in a report of `Hearth.Benchmarks matmul`, through numpy. Prints one line of JSON."""
import argparse
import json
import statistics
import time

import numpy

SAMPLE_SECONDS = 0.02


def rate(shape, repeats, now):
    size, _, kind = shape.partition(" ")
    m, n, k = (int(x) for x in size.split("x"))
    random = numpy.random.default_rng(1)
    c = numpy.empty((m, n), numpy.float32)
    if kind == "t":
        a, b = (random.random(s, numpy.float32) - 0.5 for s in ((k, m), (k, n)))
        work = lambda: numpy.matmul(a.T, b, out=c)
    else:
        a, b = (random.random(s, numpy.float32) - 0.5 for s in ((m, k), (n, k)))
        work = lambda: numpy.matmul(a, b.T, out=c)
    for _ in range(3):
        work()
    begin = now()
    work()
    calls = max(1, int(SAMPLE_SECONDS / (now() - begin)))
    seconds = []
    for _ in range(repeats):
        begin = now()
        for _ in range(calls):
            work()
        seconds.append((now() - begin) / calls)
    return 2 * m * n * k / statistics.median(seconds) / 1e9


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--shapes", required=True, help="the report whose shapes to use")
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--clock", choices=("wall", "processor"), default="wall")
    options = parser.parse_args()
    now = time.process_time if options.clock == "processor" else time.perf_counter
    with open(options.shapes, encoding="utf-8") as file:
        shapes = [row["m x n x k"] for row in json.load(file)["rows"]]
    print(json.dumps({"version": numpy.__version__, "rates": {shape: rate(shape, options.repeats, now) for shape in shapes}}))


if __name__ == "__main__":
    main()
