#!/usr/bin/python3
"""Runs a command and prints one line of JSON: seconds from start to end, and the most memory it held, in MB of 10^6 bytes."""
import json
import resource
import subprocess
import sys
import time

begin = time.perf_counter()
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
print(json.dumps({"seconds": time.perf_counter() - begin, "peakMB": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 / 1e6}))
