"""Every figure of watched networks: right, or a sentence that says why not; and nothing of the default config."""

import inspect
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from cna_viz import figures
from cna_viz.config import ModelConfig, RecordingConfig, RunConfig
from cna_viz.errors import UsageError
from cna_viz.figures.style.theme import MUTED
from cna_viz.records.record import Record, load_record
from cna_viz.records.synthetic import synthetic_record
from cna_viz.widgets import Comparer, Explorer
from tests.figures.conftest import rendered
from tests.figures.test_every_figure import ALL, PLOTS, drawn
from tests.figures.watched import KINDS, LATER, watched_record

FOR_ANY = {
    "plot_embedding_animation",
    "plot_embedding_by_layer",
    "plot_graph",
    "plot_measure_by_layer",
    "plot_measure_heatmap",
    "plot_training_curves",
    "plot_two_runs",
}
"""Figures that need neither scores nor slots."""
OF_SCORES = {
    "plot_accuracy_by_depth",
    "plot_accuracy_by_energy",
    "plot_accuracy_by_parameters",
    "plot_accuracy_by_split",
    "plot_collapse_map",
}
OF_RERUNS = sorted((FOR_ANY | OF_SCORES | {"plot_confusion_matrix"}) - {"plot_graph", "plot_embedding_animation"})
"""Figures that take several watched runs."""
NAMES = ("mine, 03:11:22", "mine, 03:15:02")


def draw(name: str, records: Sequence[Record], **options: Any) -> go.Figure:
    """Draw any figure but that of claims."""
    if name == "plot_two_runs":
        return ALL[name](records[0], records[-1], 1, **options)
    if name == "plot_chosen_arm":
        return ALL[name](records, "mine", **options)
    one = next(iter(inspect.signature(PLOTS[name] if name in PLOTS else ALL[name]).parameters)) == "record"
    return PLOTS[name](records[0], 1) if one else ALL[name](records, **options)


@pytest.fixture(scope="module", params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def records(kind: str, tmp_path_factory: pytest.TempPathFactory) -> list[Record]:
    """Return two re-runs of each kind of labels in turn."""
    folder = tmp_path_factory.mktemp("runs")
    return [watched_record(folder, "a", **KINDS[kind]), watched_record(folder, "b", started=LATER, **KINDS[kind])]


@pytest.mark.parametrize("name", sorted(set(ALL) - {"plot_claims"}))
def test_every_figure_is_drawn_or_refused_in_a_sentence(records: list[Record], kind: str, name: str) -> None:
    possible = FOR_ANY | (OF_SCORES if kind != "no labels" else set())
    possible |= {"plot_confusion_matrix"} if kind not in {"numbers", "no labels"} else set()
    if name not in possible:
        with pytest.raises(UsageError) as error:
            draw(name, records)
        assert "\n" not in str(error.value)
        return
    figure = draw(name, records)
    assert any(drawn(figure))
    assert "digits" not in rendered(figure)
    assert "dataset karate · split its own · seeds 0 · runs " in figure.layout.annotations[-1].text
    json.loads(figure.to_json(), parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


@pytest.mark.parametrize("name", ["plot_embedding_by_layer", "plot_two_runs"])
def test_predictions_can_be_drawn_where_there_are_any(records: list[Record], kind: str, name: str) -> None:
    if kind == "no labels":
        with pytest.raises(UsageError, match="keeps no predictions"):
            draw(name, records, color="prediction")
        return
    assert any(drawn(draw(name, records, color="prediction")))


def test_the_widgets_open_watched_runs(records: list[Record], kind: str) -> None:
    explorer, comparer = Explorer(records), Comparer(records)
    assert "no labels" not in kind or "prediction" not in explorer._controls.color.options
    assert [one.id for one in comparer.runs] == [one.id for one in records]


def test_without_labels_nothing_but_the_loss_is_drawn_of_the_training(tmp_path: Path) -> None:
    figure = figures.plot_training_curves([watched_record(tmp_path, task="none")])
    assert [axis.title.text for axis in figure.select_yaxes()] == ["training loss"]


@pytest.fixture
def reruns(tmp_path: Path) -> list[Record]:
    """Return two runs of one cell, which states no seed."""
    return [watched_record(tmp_path, "a", seeded=False), watched_record(tmp_path, "b", seeded=False, started=LATER)]


@pytest.mark.parametrize("name", OF_RERUNS)
def test_reruns_are_drawn_apart_and_never_averaged(reruns: list[Record], name: str) -> None:
    figure = draw(name, reruns)
    assert all(shown in rendered(figure) or shown in str(figure.layout) for shown in NAMES)
    assert not [trace for trace in figure.data if getattr(trace, "fill", None) == "toself"], "no band over seeds"
    assert "seeds not stated · runs " in figure.layout.annotations[-1].text
    assert "seed 0" not in rendered(figure)


@pytest.mark.parametrize("name", ["plot_measure_by_layer", "plot_training_curves", "plot_accuracy_by_depth"])
def test_stated_seeds_of_one_program_are_a_line_with_a_band(tmp_path: Path, name: str) -> None:
    records = [watched_record(tmp_path, "a"), watched_record(tmp_path, "b", seed=1, started=LATER)]
    figure = draw(name, records)
    assert {trace.name for trace in figure.data if trace.showlegend is not False} <= {"mine", "all nodes equal"}
    assert [trace for trace in figure.data if getattr(trace, "fill", None) == "toself"]


def values_of(figure: go.Figure, name: str) -> list[float]:
    (line,) = [trace for trace in figure.data if trace.name == name and trace.mode != "none" and trace.fill is None]
    return np.asarray(line.y, dtype=float).tolist()


def test_each_line_has_the_values_of_its_run(reruns: list[Record]) -> None:
    figure = figures.plot_measure_by_layer(reruns, "mad")
    for name, record in zip(NAMES, reruns, strict=True):
        own = record.metrics["mad"].sel(stage="conv", epoch=record.best_epoch).values
        np.testing.assert_allclose(values_of(figure, name), own)


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Callable[[Record, np.ndarray[Any, Any]], None]:
    """Return a function that replaces the predictions of a record."""
    original, given = Record.prediction, dict[str, np.ndarray[Any, Any]]()

    def prediction(self: Record, epoch: int | None = None) -> Any:
        found = original(self, epoch)
        return found if self.id not in given else found.copy(data=given[self.id])

    monkeypatch.setattr(Record, "prediction", prediction)
    return lambda record, values: given.update({record.id: values})


def test_nodes_without_a_finite_output_have_no_class_colour_and_no_verdict(
    tmp_path: Path, answers: Callable[..., None]
) -> None:
    record = watched_record(tmp_path)
    predicted = record.graph["target"].values.astype(np.int32)
    predicted[:4] = -1
    answers(record, predicted)
    figure = figures.plot_embedding_by_layer([record], [1], color="prediction")
    (none,) = [trace for trace in figure.data if trace.name == "none" and trace.customdata is not None]
    assert none.customdata.tolist() == [0, 1, 2, 3]
    assert set(none.text) == {"none"}
    assert (none.marker.color, set(none.marker.symbol)) == (MUTED, {"circle-open"})
    assert "none" in [trace.name for trace in figure.data if trace.showlegend]


def test_a_confusion_matrix_leaves_them_out_and_counts_them_as_not_right(
    tmp_path: Path, answers: Callable[..., None]
) -> None:
    record = watched_record(tmp_path)
    test = np.flatnonzero(record.graph["split_of_node"].values == 3)
    predicted = record.graph["target"].values.astype(np.int32)
    predicted[test[:2]] = -1
    answers(record, predicted)
    figure = figures.plot_confusion_matrix([record])
    assert np.asarray(figure.data[0].customdata).sum() == len(test) - 2 == 8
    assert "accuracy 80.0 %" in figure.layout.annotations[0].text
    assert "left out: 2 predictions without a finite output, not counted as right" in rendered(figure)


def unfinished(record: Record) -> Record:
    """Turn a record into one of a run that was interrupted after its epoch 3, without the snapshot of it."""
    for file in ("COMPLETE", "selected.json", "summary.json", "snapshots/0003.safetensors"):
        (record.folder / file).unlink()
    lines = (record.folder / "manifest.jsonl").read_text().splitlines(keepends=True)
    gone = ("selected.json", "summary.json", "snapshots/0003")
    (record.folder / "manifest.jsonl").write_text(
        "".join(line for line in lines if not any(name in line for name in gone))
    )
    return load_record(record.folder, incomplete=True)


@pytest.mark.parametrize("name", ["plot_embedding_by_layer", "plot_graph", "plot_two_runs", "plot_confusion_matrix"])
@pytest.mark.parametrize("watched", [True, False])
def test_of_an_interrupted_run_the_last_snapshot_is_drawn_and_the_figure_says_so(
    tmp_path: Path, name: str, watched: bool
) -> None:
    own = RunConfig(model=ModelConfig(layers=3), recording=RecordingConfig(every=1))
    whole = watched_record(tmp_path, snapshots="log") if watched else synthetic_record(tmp_path, own, epochs=3)
    record = unfinished(whole)
    assert (record.best_epoch, record.snapshots, record.shown_epoch) == (3, (0, 1), 1)
    figure = draw(name, [record])
    assert any(drawn(figure))
    assert "snapshot of epoch 1, the last one kept" in figure.layout.annotations[-1].text
    assert "epoch 3" not in figure.layout.annotations[-1].text


@pytest.mark.parametrize("name", sorted(FOR_ANY - {"plot_measure_by_layer"}))
def test_a_run_that_diverged_is_drawn_and_says_so(tmp_path: Path, name: str) -> None:
    record = watched_record(tmp_path, diverged=2)
    figure = draw(name, [record])
    assert f"diverged: {record.id[:8]}" in figure.layout.annotations[-1].text
    json.loads(figure.to_json(), parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


def test_a_run_that_diverged_has_no_measure_of_its_selected_model(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="hold no value of 'rayleigh'"):
        figures.plot_measure_by_layer([watched_record(tmp_path, diverged=2)])


@pytest.mark.parametrize("nodes", [1, 2])
def test_the_smallest_graphs_are_drawn(tmp_path: Path, nodes: int) -> None:
    record = watched_record(tmp_path, nodes=nodes, classes=nodes)
    for name in sorted(FOR_ANY):
        assert draw(name, [record]).data


@pytest.mark.parametrize("name", ["plot_embedding_by_layer", "plot_two_runs"])
def test_umap_of_two_nodes_is_refused_in_a_sentence(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="UMAP needs at least 3 nodes, this graph has 2: take method 'pca'"):
        draw(name, [watched_record(tmp_path, nodes=2, classes=2)], method="umap")


def test_direction_and_weights_of_a_watched_network_are_noted(tmp_path: Path) -> None:
    record = watched_record(tmp_path, is_directed=True, is_weighted=True)
    note = figures.plot_graph(record, 1).layout.annotations[-1].text
    assert "direction not drawn; measures use the symmetric copy; edge weights not drawn; measures don't use" in note


def test_a_network_with_the_name_of_a_batch_norm_is_looked_at_before_its_training(tmp_path: Path) -> None:
    figure = figures.plot_collapse_map([watched_record(tmp_path, name="batchnorm")])
    assert "when it has statistics" not in figure.layout.annotations[-1].text
