"""Opening a record: nothing is read twice, what is not there is named, and torch is not needed."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cna_viz.config import RunConfig
from cna_viz.errors import RecordError, UsageError
from cna_viz.records.reading import files, integrity
from cna_viz.records.record import Record, load_record
from cna_viz.records.verify import find_problems
from cna_viz.records.writing.writer import RecordWriter
from tests.records.helpers import GRAPH

Make = Callable[..., Record]

CODE = """
import sys
from pathlib import Path

import cna_viz
from cna_viz import analysis, figures
from cna_viz.analysis.positions import methods
from cna_viz.records.listing import find_run, list_runs
from cna_viz.records.verify import find_problems

runs = Path(sys.argv[1])
records = [entry.record for entry in list_runs(runs)]
assert len(records) == 2 and None not in records
assert find_problems(find_run(runs, records[0].id)) == []
records[0].graph, records[0].prediction(), records[0].layer_variable("centroid", 1)
analysis.depth_table(records)
analysis.depth_findings(records), analysis.smoothing_findings(records), analysis.energy_is_not_accuracy(records)
drawn = [
    figures.plot_accuracy_by_depth(records),
    figures.plot_embedding_by_layer(records),
    figures.plot_measure_by_layer(records),
    figures.plot_measure_heatmap(records),
    figures.plot_training_curves(records),
]
assert all(figure.data for figure in drawn)
wrong = [name for name in sys.modules if name.split(".")[0] in ("torch", "torch_geometric")]
wrong += [name for name in sys.modules if name.startswith(("cna_viz.nn", "cna_viz.models", "cna_viz.training"))]
print(wrong)
"""


@pytest.mark.subprocess
def test_reading_analysing_and_drawing_need_no_torch(make: Make, runs: Path) -> None:
    make("cna")
    make("relu")
    answer = subprocess.run([sys.executable, "-c", CODE, str(runs)], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.strip() == "[]"


def test_what_the_summary_says_of_epochs_is_there(make: Make, reseal: Callable[[Path], None]) -> None:
    folder = make().folder
    lines = (folder / "metrics.jsonl").read_bytes()
    (folder / "metrics.jsonl").write_bytes(lines.rstrip(b"\n"))  # and so its last line counts as unfinished
    reseal(folder)
    with pytest.raises(RecordError, match=r"metrics.jsonl: ends with epoch 4, but the run had 5"):
        _ = load_record(folder).metrics
    (folder / "metrics.jsonl").write_bytes(lines)
    for best, wrong in ((999, "has no epoch 999"), (2, "has no snapshot of epoch 2")):
        summary = {**json.loads((folder / "summary.json").read_text()), "best_epoch": best}
        (folder / "summary.json").write_text(json.dumps(summary))
        reseal(folder)
        with pytest.raises(RecordError, match=f"{wrong}, whose model was selected"):
            _ = load_record(folder).metrics
        assert [f"{wrong}, whose model was selected" in problem for problem in find_problems(folder)] == [True]


def test_missing_snapshot_lists_those_there_are(make: Make) -> None:
    record = make()
    for read in (lambda: record.embedding(1, "conv", 3), lambda: record.prediction(3)):
        with pytest.raises(UsageError, match=f"run {record.id} has no snapshot of epoch 3; snapshots kept: 0, 1, 5"):
            read()


@pytest.mark.parametrize(
    ("layer", "stage"), [(0, "conv"), (4, "conv"), (3, "slot"), (1, "norm"), (-1, "conv"), (1, "")]
)
def test_missing_layer_or_stage_lists_those_there_are(make: Make, layer: int, stage: str) -> None:
    with pytest.raises(UsageError) as caught:
        make(layers=3).embedding(layer, stage)
    assert f"layer {layer} has no stage {stage!r}: layers are 1 to 3, stages are conv, slot" in str(caught.value)


def test_slot_without_clusters_has_no_such_variables(make: Make) -> None:
    assert make("relu").layer_variable("cluster_label", 1) is None


def test_metrics_and_graph_are_read_once(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    read, real = [], files.read_bytes
    for module in (files, integrity):
        monkeypatch.setattr(module, "read_bytes", lambda path: (read.append(path.name), real(path))[1])
    record = load_record(make().folder)
    assert not {"metrics.jsonl", "graph.safetensors"} & set(read)
    read.clear()
    for _ in range(3):
        assert record.metrics is record.metrics
        assert record.graph is record.graph
    assert read == ["metrics.jsonl", "selected.json", "graph.safetensors"]


def test_opening_reads_no_snapshot(make: Make) -> None:
    folder = make().folder
    for path in (folder / "snapshots").iterdir():
        path.unlink()
    record = load_record(folder)
    assert record.snapshots == (0, 1, 5)


def test_record_without_epochs(tmp_path: Path) -> None:
    # A run that diverged before the first step has no line at all.
    folder = tmp_path / RunConfig().run_id
    with RecordWriter(folder, RunConfig(), {}) as writer:
        writer.graph(GRAPH)
        writer.selected(0, {})
        writer.seal({"status": "diverged", "best_epoch": 0, "epochs": 0, "warnings": []})
    record = load_record(folder)
    assert record.metrics.sizes == {"epoch": 0, "split": 3, "layer": 2, "stage": 2}
    assert record.snapshots == ()


def test_a_record_shows_itself_in_a_line(make: Make) -> None:
    record = make()
    facts = record.config.facts
    assert repr(record).startswith(
        f"<Record {record.id}: {facts['backbone']} + {facts['slot']}, {record.layers} layers, "
    )
    assert f"seed {facts['seed']}, complete, test accuracy {record.score():.4g}>" in repr(record)
    assert "\n" not in repr(record)
