"""``make bench``: print a table and write benchmarks/results.json.

Every figure is a ratio within one process: arms are interleaved and compared by medians of at least 20 repeats, so
that the ratios hold on other machines. Each size runs in its own process, because peak memory never falls.
"""

import argparse
import json
import math
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from subprocess import PIPE

import numpy as np
import pandas as pd
import torch

from benchmarks import claims, statistics
from benchmarks.browser import time_explorer, time_playground
from benchmarks.epochs import ours, pyg, recorded, watched
from benchmarks.graphs import arxiv_shaped, cora_shaped
from benchmarks.sweeps import overhead, table_of_records, throughput
from benchmarks.timing import compare
from cna_viz.config import CSBMConfig, DataConfig, RunConfig
from cna_viz.config.vocabulary import FEATURE_MEASURES
from cna_viz.data.content import content_digest
from cna_viz.data.datasets import load_graph
from cna_viz.data.graph import Graph
from cna_viz.experiments.run import load_or_run
from cna_viz.measures import EdgeList, FeatureMeasurer
from cna_viz.nn.cna import CNA
from cna_viz.training.step import keep_freed_memory
from tests.nn.naive import naive_cna

RESULTS = Path(__file__).parent / "results.json"


@dataclass(frozen=True)
class Row:
    """One line of the table: the comparison, its figure, and the bound it should keep, if any."""

    what: str
    figure: float
    bound: str = ""
    kept: bool | None = None


def epochs_on_cora(graph: Graph) -> list[Row]:
    """Compare epochs with 16 layers, hidden 64 and 8 clusters."""
    arms = {"pyg": pyg(graph, layers=16, hidden=64)}
    arms |= {slot: ours(graph, slot, layers=16, hidden=64, clusters=8) for slot in ("relu", "cna")}
    times = compare(arms, repeats=60)
    for name, timing in times.items():
        print(f"  {name}: {1e3 * timing.median:.1f} ms per epoch (mean {1e3 * timing.mean:.1f} ms)")
    base, relu, cna = (times[name].median for name in ("pyg", "relu", "cna"))
    return [
        at_most(f"{graph.name}: relu / PyG's ReLU GCN", relu / base, 0.4),
        at_most(f"{graph.name}: cna / PyG's ReLU GCN", cna / base, 0.6),
        at_most(f"{graph.name}: cna / relu", cna / relu, 1.6),
        Row(f"{graph.name}: cna / relu, means (clustering included)", times["cna"].mean / times["relu"].mean),
    ]


def slot_alone(nodes: int = 2708, channels: int = 64, clusters: int = 8) -> list[Row]:
    """Compare forward and backward of the slot with the naive loop over clusters."""
    torch.manual_seed(0)
    slot = CNA(channels, clusters)
    x, gradient = torch.randn(nodes, channels, requires_grad=True), torch.randn(nodes, channels)
    labels = slot.assignment(x.detach())
    numerator, denominator = slot.activation.parameters()

    def fast() -> None:
        slot(x).backward(gradient)

    def naive() -> None:
        naive_cna(
            x, labels, numerator, denominator, clusters=clusters, normalization="cluster", activation="rational"
        ).backward(gradient)

    times = compare({"naive": naive, "cna": fast}, repeats=60)
    return [
        at_least("cna slot, forward and backward: naive loop / ours", times["naive"].median / times["cna"].median, 8)
    ]


def epochs_on_arxiv() -> list[Row]:
    """Compare epochs on a graph of ogbn-arxiv's shape with 4 layers, hidden 256 and 8 clusters."""
    graph = arxiv_shaped()
    times = compare({slot: ours(graph, slot, layers=4, hidden=256, clusters=8) for slot in ("relu", "cna")})
    for name, timing in times.items():
        print(f"  {name}: {timing.median:.2f} s per epoch (mean {timing.mean:.2f} s)")
    return [at_most(f"{graph.name}: cna / relu", times["cna"].median / times["relu"].median, 1.4)]


def weights_of_edges(nodes: int) -> list[Row]:
    """Compare epochs on a csbm with random weights and without, with 2 layers and hidden 16."""
    plain = load_graph(DataConfig(dataset="csbm", csbm=CSBMConfig(nodes=nodes)))
    source, target = plain.edge_index
    weight = ((source + target) % 97 + 1) / 97  # the same in both directions
    graphs = {"plain": plain, "weighted": replace(plain, edge_weight=weight)}
    times = compare({name: ours(graph, "relu", layers=2, hidden=16, clusters=8) for name, graph in graphs.items()})
    for name, timing in times.items():
        print(f"  {name}: {timing.median:.2f} s per epoch (mean {timing.mean:.2f} s)")
    figure = times["weighted"].median / times["plain"].median
    return [at_most(f"csbm, {nodes} nodes, 2 layers: weighted / unweighted epoch", figure, 1.3)]


def imports_of_own_graphs(nodes: int = 100_000, edges: int = 1_000_000) -> list[Row]:
    """Time the import of two CSV tables, and the digest of a graph of a million nodes and 64 features."""
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        people = pd.DataFrame(rng.random((nodes, 16)), columns=[f"x{number}" for number in range(16)])
        people.insert(0, "id", [f"person {number}" for number in range(nodes)])
        people.assign(label=np.arange(nodes) % 5).to_csv(f"{folder}/nodes.csv", index=False)
        ties = pd.DataFrame(rng.integers(0, nodes, (edges, 2)), columns=["source", "target"]).map("person {}".format)
        ties.to_csv(f"{folder}/edges.csv", index=False)
        code = "import sys, time; from cna_viz import graphs; start = time.perf_counter(); " + (
            "graphs.add(nodes=sys.argv[1] + '/nodes.csv', edges=sys.argv[1] + '/edges.csv', name='bench'); "
            "print(time.perf_counter() - start); "
            "from cna_viz.recording.environment import peak_memory_mib; print(peak_memory_mib())"
        )
        environment = os.environ | {"CNA_VIZ_GRAPHS": f"{folder}/graphs"}
        command = [sys.executable, "-c", code, folder]
        seconds, peak = map(float, subprocess.run(command, env=environment, stdout=PIPE, check=True).stdout.split())
    graph = load_graph(DataConfig(dataset="csbm", csbm=CSBMConfig(nodes=10 * nodes, features=64)))
    start = time.perf_counter()
    content_digest(graph)
    return [
        at_most(f"import of CSV tables, {edges:,} edges: seconds", seconds, 10),
        at_most(f"import of CSV tables, {edges:,} edges: GiB at the peak", peak / 1024, 2),
        at_most(f"digest of {10 * nodes:,} nodes with 64 features: seconds", time.perf_counter() - start, 2),
    ]


def recording_on_cora(graph: Graph) -> list[Row]:
    """Compare 200 epochs with and without the default recording, from the untrained network to the best epoch."""
    rows, epochs = [], 200
    for slot in ("relu", "cna"):
        shape = {"layers": 16, "hidden": 64, "clusters": 8}
        with tempfile.TemporaryDirectory() as folder:
            run, select = recorded(graph, slot, Path(folder), epochs=epochs, **shape)
            times = compare({"plain": ours(graph, slot, **shape), "recorded": run}, repeats=epochs)
            start = time.perf_counter()
            select()
            end = time.perf_counter() - start
        plain, whole = times["plain"].mean, times["recorded"].mean + end / epochs
        print(f"  {slot}: {1e3 * plain:.1f} ms per epoch in the mean, recorded {1e3 * whole:.1f} ms")
        rows.append(at_most(f"{graph.name}: {slot}, recorded / not, means of a run", whole / plain, 1.15))
    return rows


def memory_of_recording(nodes: int = 170_000, hidden: int = 256) -> list[Row]:
    """Compare the peak memory of processes that train with and without a record."""
    shape = ("--hidden", str(hidden))
    plain, whole = (process(nodes, *shape, *options)["peak_mib"] for options in ((), ("--record",)))
    print(f"  {nodes} nodes, {hidden} channels: peak {plain:.0f} MiB, recorded {whole:.0f} MiB")
    more = (whole - plain) / (nodes * hidden * 4 / 2**20)
    return [at_most("csbm of ogbn-arxiv's size: more memory when recorded, in features of one layer", more, 1)]


def process(nodes: int, *options: str) -> dict[str, float]:
    """Return the results of :mod:`benchmarks.memory` in its own process."""
    command = [sys.executable, "-m", "benchmarks.memory", str(nodes), *options]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(answer.stdout.splitlines()[-1])
    return found


def measures_on_arxiv() -> list[Row]:
    """Time every measure on a layer of 256 channels, without the preparation per graph."""
    graph = arxiv_shaped()
    edges = EdgeList.from_edge_index(graph.edge_index, graph.num_nodes)
    x = torch.randn(graph.num_nodes, 256, generator=torch.Generator().manual_seed(0)).relu()
    rows = []
    for name in FEATURE_MEASURES:
        measurer = FeatureMeasurer([name], edges, graph.y, graph.x)
        times = compare({name: partial(measurer, x)}, repeats=3)
        rows.append(at_most(f"{graph.name}: {name}, seconds per layer", times[name].median, 2.0))
    return rows


def sweeps() -> list[Row]:
    """Compare sweeps with a loop, and time the table of many records."""
    return [
        at_least("sweep: 64 short runs, one worker / two", throughput(), 1.7),
        at_most("sweep: seconds more per run than in a loop", overhead(), 0.3),
        at_most("table of 1,000 runs: seconds", table_of_records(), 2.0),
    ]


def widgets_in_a_browser(data: Path | None) -> list[Row]:
    """Time the explorer and the playground in JupyterLab; needs a browser."""
    config = RunConfig.model_validate(
        {
            "data": {"dataset": "cora", "split": "public"} if data else {"dataset": "digits"},
            "model": {"slot": "cna", "layers": 16},
            "training": {"epochs": 20},
        }
    )
    with tempfile.TemporaryDirectory() as folder:
        load_or_run(config, runs=folder, data=data)
        found = time_explorer(Path(folder), config.run_id)
    played = time_playground()
    for what, figure in (found | played).items():
        print(f"  {what}: {figure:.3g}")
    return [
        Row(
            "explorer, 16 layers: seconds in a fresh kernel, with all imports in the same cell",
            found["opening with all imports in one cell (s)"],
        ),
        at_most(
            "explorer, 16 layers: seconds until all figures near the view are there",
            found["opening, all figures that are near (s)"],
            2.0,
        ),
        at_most("explorer: milliseconds from slider to figure", found["layer slider, first figure (ms)"], 150),
        Row(
            "explorer: milliseconds from slider to the last of its figures",
            found["layer slider, all figures that are near (ms)"],
        ),
        *(at_most(what, figure, 150) for what, figure in played.items()),
    ]


def statistics_in_simulation() -> list[Row]:
    """Print how often intervals and verdicts are right, and check the shares that have bounds."""
    found = statistics.table()
    shares = found.pivot(index="what", columns="pairs", values="share").loc[found["what"].unique()]
    print((100 * shares).round(1).to_string(na_rep="", header=[f"{pairs} pairs" for pairs in shares]))
    return [
        Row(
            f"{row['what']}, {row['pairs']} pairs: share",
            row["share"],
            f"{row['at least']:.2f} to {row['at most']:.2f}",
            bool(row["at least"] <= row["share"] <= row["at most"]),
        )
        for _, row in found.dropna().iterrows()
    ]


def watching(graph: Graph) -> list[Row]:
    """Compare a loop on PyG's GCN with the same loop watched, by the mean epoch, looks included."""
    found = []
    for every, repeats, bound in ((50, 100, 1.15), (1, 20, 4.0)):
        with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
            arms = {str(n): watched(graph, Path(folder), stack, every=n, layers=16, hidden=64) for n in (0, every)}
            times = compare(arms, repeats=repeats)
            ratio = times[str(every)].mean / times["0"].mean
        found.append(at_most(f"{graph.name}: PyG's loop watched, layers measured every {every} / alone", ratio, bound))
    return found


def rule_of_claims() -> list[Row]:
    """Simulate how often the ledger errs about a claim that is as false, or as true, as it can just be."""
    rates = claims.table()
    print(rates.to_string(index=False))
    wrong = {"holds": rates["true value"] <= 0, "fails": rates["true value"] >= 0}
    return [
        at_most(f"ledger, 'at least' claims: largest rate of a wrong {name!r}", rates.loc[rows, name].max(), 0.05)
        for name, rows in wrong.items()
    ]


def sizes(most: int) -> list[Row]:
    """Fit the growth of time and memory with the number of nodes."""
    found = []
    for exponent in range(3, int(math.log10(most)) + 1):
        found.append(process(10**exponent))
        one = found[-1]
        print(f"  {one['nodes']} nodes: {one['seconds']:.3f} s per epoch, peak {one['peak_mib']:.0f} MiB")
    time_slope = slope([(one["nodes"], one["seconds"]) for one in found])
    # Includes the constant memory of the libraries.
    memory_slope = slope([(one["nodes"], one["peak_mib"]) for one in found])
    return [
        at_most("csbm, 4 layers: log-log slope of epoch time", time_slope, 1.1),
        at_most("csbm, 4 layers: log-log slope of peak memory", memory_slope, 1.05),
        at_most(f"csbm, {found[-1]['nodes']} nodes: peak memory in GiB", found[-1]["peak_mib"] / 1024, 16),
    ]


def slope(points: list[tuple[float, float]]) -> float:
    """Return the least-squares slope of log(y) over log(x)."""
    logs = [(math.log(x), math.log(y)) for x, y in points]
    mean_x, mean_y = (sum(values) / len(logs) for values in zip(*logs, strict=True))
    return sum((x - mean_x) * (y - mean_y) for x, y in logs) / sum((x - mean_x) ** 2 for x, _ in logs)


def at_most(what: str, figure: float, bound: float) -> Row:
    """Return a row whose figure should not exceed the bound."""
    return Row(what, float(figure), f"<= {bound:g}", bool(figure <= bound))


def at_least(what: str, figure: float, bound: float) -> Row:
    """Return a row whose figure should reach the bound."""
    return Row(what, float(figure), f">= {bound:g}", bool(figure >= bound))


def machine() -> dict[str, object]:
    """Return the properties of the machine that affect the figures."""
    return {
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "python": platform.python_version(),
    }


def main() -> None:
    """Run the chosen parts, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "parts",
        nargs="*",
        help="epochs, slot, arxiv, weights, imports, recording, watch, memory, measures, sweeps, statistics, claims, "
        "browser, sizes",
    )
    parser.add_argument("--data", type=Path, help="data root with Cora; default: a random graph of its shape")
    parser.add_argument(
        "--most", type=int, default=1_000_000, help="nodes of the largest graph of `sizes` and `weights`"
    )
    options = parser.parse_args()
    cora = load_graph(DataConfig(dataset="cora", split="public"), options.data) if options.data else cora_shaped()
    parts: dict[str, Callable[[], list[Row]]] = {
        "epochs": lambda: epochs_on_cora(cora),
        "slot": slot_alone,
        "arxiv": epochs_on_arxiv,
        "weights": lambda: weights_of_edges(options.most),
        "imports": imports_of_own_graphs,
        "recording": lambda: recording_on_cora(cora),
        "watch": lambda: watching(cora),
        "memory": memory_of_recording,
        "measures": measures_on_arxiv,
        "sweeps": sweeps,
        "statistics": statistics_in_simulation,
        "claims": rule_of_claims,
        "browser": lambda: widgets_in_a_browser(options.data),
        "sizes": lambda: sizes(options.most),
    }
    unknown = sorted(set(options.parts) - set(parts))
    if unknown:
        parser.error(f"unknown part {unknown[0]!r}; choices: {', '.join(parts)}")
    keep_freed_memory()  # as every training does
    rows: list[Row] = []
    print(f"machine: {machine()}")
    for name in options.parts or parts:
        print(f"{name} ...", flush=True)
        rows += parts[name]()
    width, verdicts = max(len(row.what) for row in rows), {True: "kept", False: "MISSED", None: ""}
    for row in rows:
        print(f"{row.what:{width}}  {row.figure:7.3f}  {row.bound:8}  {verdicts[row.kept]}")
    RESULTS.write_text(json.dumps({"machine": machine(), "rows": [asdict(row) for row in rows]}, indent=1) + "\n")
    print(f"written: {RESULTS}")


if __name__ == "__main__":
    main()
