"""Peak memory and epoch time of one size, in its own process: ``python -m benchmarks.memory NODES``."""

import argparse
import json
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks.epochs import ours, recorded
from benchmarks.graphs import csbm
from benchmarks.timing import WARM_UP
from cna_viz.recording.environment import peak_memory_mib
from cna_viz.training.step import keep_freed_memory


def main(nodes: int, hidden: int, record: bool) -> None:
    """Train ``cna`` on a csbm graph, with or without the default recording; print seconds and memory as JSON."""
    keep_freed_memory()  # as every training does
    graph = csbm(nodes)
    before, shape = peak_memory_mib() or 0.0, {"layers": 4, "hidden": hidden, "clusters": 8}
    with tempfile.TemporaryDirectory() as folder:
        epochs = 20 if nodes * hidden < 10_000_000 else 5
        run = recorded(graph, "cna", Path(folder), epochs=epochs, **shape)[0] if record else ours(graph, "cna", **shape)
        seconds = []
        for _ in range(epochs + WARM_UP):
            start = time.perf_counter()
            run()
            seconds.append(time.perf_counter() - start)
    print(json.dumps({"nodes": nodes, "seconds": median(seconds), "peak_mib": peak_memory_mib(), "before_mib": before}))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("nodes", type=int)
    parser.add_argument("--hidden", type=int, default=64)
    parser.add_argument("--record", action="store_true")
    options = parser.parse_args()
    main(options.nodes, options.hidden, options.record)
