"""Names in a record are text wherever they are shown: a watched network and its data may be called anything."""

import re
from pathlib import Path
from typing import Any

import ipywidgets
import plotly.graph_objects as go
import pytest
from ipywidgets.widgets.widget import _instances

from cna_viz import figures
from cna_viz.config import ModelConfig, RecordingConfig, RunConfig, WatchedConfig
from cna_viz.figures.panels.drawing import to_json
from cna_viz.records.record import Record
from cna_viz.records.synthetic import synthetic_record
from cna_viz.widgets import Comparer, Explorer, View

NAME = "<img src=x onerror=alert(1)>"
DATASET = "<script>alert(2)</script>[a](javascript:alert(3))"
RAW = re.compile(r"<img|<script|<a\b", re.IGNORECASE)

OF_MANY = ("plot_accuracy_by_depth", "plot_measure_by_layer", "plot_training_curves", "plot_measure_heatmap")


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> list[Record]:
    runs: Path = tmp_path_factory.mktemp("runs")
    recording = RecordingConfig(snapshots="ends")
    configs = [
        RunConfig(
            watched=WatchedConfig(name=f"{NAME}{number}", model=NAME, dataset=DATASET, layers=2, key=f"{NAME}{number}"),
            recording=recording,
        )
        for number in range(2)
    ]
    return [synthetic_record(runs, config, warnings=[NAME]) for config in configs]


def markup(figure: go.Figure) -> list[str]:
    """Return the tags in what a figure shows; the name of a group of traces is shown nowhere."""
    text = to_json(figure).replace("\\u003c", "<").replace("\\u003e", ">")
    return RAW.findall(re.sub(r'"legendgroup":"[^"]*"', "", text))


@pytest.mark.parametrize("name", OF_MANY)
def test_figures_of_several_runs_show_names_as_text(name: str, records: list[Record]) -> None:
    assert markup(getattr(figures, name)(records)) == []


def test_figures_of_one_run_show_names_as_text(records: list[Record]) -> None:
    assert markup(figures.plot_graph(records[0], 1)) == []
    assert markup(figures.plot_confusion_matrix(records)) == []


def test_two_runs_show_names_as_text(records: list[Record]) -> None:
    assert markup(figures.plot_two_runs(records[0], records[1], 1)) == []


def test_widgets_show_names_as_text(records: list[Record]) -> None:
    before = set(_instances)
    explorer, comparer = Explorer(records=records), Comparer(records)
    explorer.selected = [1, 2]
    made = [_instances[key] for key in set(_instances) - before]
    shown = [widget.value for widget in made if isinstance(widget, ipywidgets.HTML)]
    shown += [widget.state.drawing for widget in made if isinstance(widget, View)]
    assert len(shown) >= 6
    assert [found for text in shown for found in RAW.findall(text)] == []
    explorer.close()
    comparer.close()


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Record:
    model = ModelConfig(slot="cna", layers=4, hidden=4, clusters=3)
    config = RunConfig(model=model, recording=RecordingConfig(every=1, snapshots="ends"))
    return synthetic_record(tmp_path_factory.mktemp("named"), config, class_names=(NAME, DATASET), unlabelled=2)


@pytest.mark.parametrize("color", ["class", "prediction"])
def test_names_of_classes_are_shown_as_text(named: Record, color: Any) -> None:
    drawn = [
        figures.plot_graph(named, 1, color=color),
        figures.plot_embedding_by_layer([named], color=color),
        figures.plot_embedding_animation(named, color=color),
        figures.plot_two_runs(named, named, 1, color=color),
    ]
    assert [markup(figure) for figure in drawn] == [[]] * len(drawn)
    assert all("&lt;img" in figure.to_json().replace("\\u003c", "<") for figure in drawn)


def test_names_of_classes_are_text_in_figures_of_slots(named: Record) -> None:
    drawn = [
        figures.plot_clusters_by_class(named, 1),
        figures.plot_cluster_flow(named),
        figures.plot_confusion_matrix([named]),
        figures.plot_inside_slot(named, 1),
        Explorer(records=[named]).figure(),
    ]
    assert [markup(figure) for figure in drawn] == [[]] * len(drawn)
