"""Peak memory and epoch time of one size, in a process of its own: ``python -m benchmarks.memory NODES``."""

import json
import sys
import time
from statistics import median

from benchmarks.epochs import ours
from benchmarks.graphs import csbm
from cna_viz.recording.environment import peak_memory_mib


def main(nodes: int) -> None:
    """Train ``cna`` (4 layers, hidden 64, 8 clusters) on a csbm graph and print seconds and memory as JSON."""
    graph = csbm(nodes)
    before = peak_memory_mib() or 0.0
    run = ours(graph, "cna", layers=4, hidden=64, clusters=8)
    run()
    seconds = []
    for _ in range(20 if nodes < 1_000_000 else 5):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    print(json.dumps({"nodes": nodes, "seconds": median(seconds), "peak_mib": peak_memory_mib(), "before_mib": before}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
