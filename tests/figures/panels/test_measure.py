"""A measure against layer and epoch: the numbers of the record, the cursor on them, axes that don't move."""

from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from cna_viz.config import ModelConfig, RecordingConfig, RunConfig
from cna_viz.errors import UsageError
from cna_viz.figures.panels import measure_panel
from cna_viz.figures.panels.drawing import Drawing
from cna_viz.records.record import Record
from cna_viz.records.synthetic import synthetic_record


def lines(panel: Drawing, axis: str) -> list[dict[str, Any]]:
    return [trace for trace in panel["data"] if trace.get("xaxis", "x") == axis and "line" in trace]


def diamonds(panel: Drawing) -> list[tuple[Any, Any]]:
    return [(t["x"][0], t["y"][0]) for t in panel["data"] if t["marker"]["symbol"] == "diamond"]


@pytest.mark.parametrize("measure", ["rayleigh", "effective_rank"])
def test_both_stages_show_what_was_measured(record: Record, measure: str) -> None:
    panel = measure_panel(record, measure, 2, epoch=1, stage="slot")
    values = record.metrics[measure]
    for trace, stage, depth in zip(lines(panel, "x"), ("conv", "slot"), (4, 3), strict=True):
        np.testing.assert_allclose(trace["y"], values.sel(epoch=1, stage=stage).values[:depth])
        assert trace["x"] == list(range(1, depth + 1))
    for trace, stage in zip(lines(panel, "x2"), ("conv", "slot"), strict=True):
        np.testing.assert_allclose(trace["y"], values.sel(layer=2, stage=stage).values)
    here = float(values.sel(epoch=1, layer=2, stage="slot"))
    assert diamonds(panel) == [(2, pytest.approx(here)), (1, pytest.approx(here))]
    go.Figure(panel)


def test_axes_hold_all_values_and_stay(record: Record) -> None:
    panels = [measure_panel(record, "rayleigh", layer, epoch=epoch) for layer in (1, 4) for epoch in (0, 5)]
    ranges = [panel["layout"]["yaxis"]["range"] for panel in panels]
    assert all(shown == ranges[0] for shown in ranges)
    values = np.log10(record.metrics["rayleigh"].values[record.metrics["rayleigh"].values > 0])
    assert ranges[0][0] < values.min()
    assert ranges[0][1] > values.max()


def test_a_zero_is_drawn_at_the_edge_of_a_logarithmic_axis_and_said(record: Record) -> None:
    record.metrics["rayleigh"][:, 1, 0] = 0.0
    panel = measure_panel(record, "rayleigh", 2)
    line = lines(panel, "x")[0]
    low = 10 ** panel["layout"]["yaxis"]["range"][0]
    assert low <= line["y"][1] < min(line["y"][:1] + line["y"][2:])
    assert line["text"][1] == "0"


def test_what_was_not_measured_is_a_gap(record: Record) -> None:
    record.metrics["effective_rank"][:, 2, 0] = np.nan
    panel = measure_panel(record, "effective_rank", 3)
    assert lines(panel, "x")[0]["y"][2] is None
    assert diamonds(panel)[0] == (3, None)


def test_a_run_of_one_layer_has_one_stage(tmp_path: Path) -> None:
    config = RunConfig(model=ModelConfig(layers=1), recording=RecordingConfig(every=1))
    panel = measure_panel(synthetic_record(tmp_path, config), "rayleigh", 1)
    assert len(lines(panel, "x")) == 1


@pytest.mark.parametrize(
    ("measure", "stage", "words"), [("size", "conv", "unknown measure"), ("mad", "end", "unknown stage")]
)
def test_unknown_names_are_refused(record: Record, measure: str, stage: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        measure_panel(record, measure, 1, stage=stage)


def test_nothing_measured_is_refused(record: Record) -> None:
    record.metrics["mad"][:] = np.nan
    with pytest.raises(UsageError, match="no value of 'mad'"):
        measure_panel(record, "mad", 1)
