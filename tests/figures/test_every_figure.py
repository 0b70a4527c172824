"""What holds of every figure: a question, its provenance, one look per slot, and data that can be stored."""

import base64
import inspect
import json
from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from cna_viz import figures
from cna_viz.config.vocabulary import PRESETS, SLOTS
from cna_viz.errors import UsageError
from cna_viz.figures.style.theme import SLOT_STYLES
from cna_viz.records.record import Record
from tests.figures.dark_colors import without_counterpart

Make = Callable[..., Record]
Plot = Callable[[Sequence[Record]], go.Figure]

ALL: dict[str, Callable[..., go.Figure]] = {
    name: getattr(figures, name) for name in figures.__all__ if name.startswith("plot_")
}
PAIRED = ("plot_differences", "plot_differences_by_group", "plot_effects", "plot_interaction")
"""Figures of comparisons, which need pairs of arms: what holds of every figure is asked of them at the end."""
OF_THEIR_OWN = ("plot_claims", "plot_chosen_arm", "plot_two_runs")
"""Figures of something else than records, of one arm among others, and of exactly two records; their tests are their
own."""


def of_layer(function: Callable[..., go.Figure]) -> Callable[..., go.Figure]:
    """Let a figure that runs over the layers of one record be called with a layer like those of one layer."""
    over = "over" in inspect.signature(function).parameters
    return (lambda record, layer: function(record, over="epoch", layer=layer)) if over else function


PLOTS = {name: of_layer(function) for name, function in ALL.items() if name not in {*PAIRED, *OF_THEIR_OWN}}
OF_CLUSTERS = tuple(PLOTS[f"plot_{name}"] for name in ("cluster_flow", "cluster_sizes", "clusters_by_class"))
"""Figures of slots that have clusters."""
ONE = [name for name in PLOTS if next(iter(inspect.signature(PLOTS[name]).parameters)) == "record"]
"""Figures of one record and one of its layers; the others take a list of records."""
RATIONAL = [name for name, factors in PRESETS.items() if factors["activation"] == "rational"]
OF_ANY_SLOT = ("plot_embedding_animation", "plot_graph")
"""Figures of one record that need no slot of the CNA family."""
PROJECTIONS = ("plot_embedding_animation", "plot_embedding_by_layer", "plot_graph", "plot_inside_slot")
"""Figures whose axes are directions of a projection, which have no name and no ticks."""
WITHOUT_AXES = ("plot_cluster_flow",)
"""Figures whose axes are there for the marks of a legend only; their columns have titles instead."""
LINES = ("plot_accuracy_by_depth", "plot_measure_by_layer", "plot_training_curves")


@pytest.fixture(params=sorted(set(PLOTS) - set(ONE)))
def plot(request: pytest.FixtureRequest) -> Plot:
    """Return each figure function of many records in turn."""
    return PLOTS[request.param]


@pytest.fixture(params=sorted(ONE))
def plot_one(request: pytest.FixtureRequest) -> Callable[..., go.Figure]:
    """Return each figure function of one record in turn."""
    return PLOTS[request.param]


@pytest.fixture(params=sorted(PLOTS))
def plot_any(request: pytest.FixtureRequest) -> Plot:
    """Return each figure function in turn, all called with a list; of one record each draws the first layer."""
    function = PLOTS[request.param]
    return (lambda records: function(records[0], 1)) if request.param in ONE else function


def size(values: Any) -> int:
    """Return how many finite numbers are there; stored arrays are base64 text."""
    if isinstance(values, dict):
        values = np.frombuffer(base64.b64decode(values["bdata"]), dtype=values["dtype"])
    return 0 if values is None else int(np.isfinite(np.asarray(values, dtype=float)).sum())


def drawn(figure: go.Figure) -> list[int]:
    """Return for each trace how many finite values it draws; one that is there for the legend alone does not count."""
    shown = [trace for trace in figure.data if trace.type != "scatter" or tuple(trace.x) != (None,)]
    return [
        size(trace.link.value if trace.type == "sankey" else trace.z if trace.type == "heatmap" else trace.y)
        for trace in shown
    ]


def _names_rows(axis: go.layout.YAxis) -> bool:
    """Whether the ticks of an axis are words, which need no title."""
    return bool(axis.ticktext) and not any(text[:1].isdigit() for text in axis.ticktext)


def test_every_question_has_its_file() -> None:
    for name, function in ALL.items():
        assert function.__module__ == f"cna_viz.figures.plots.{name.removeprefix('plot_')}"


def test_the_title_is_a_question(plot_any: Plot, make: Make) -> None:
    assert "?" in plot_any([make("cna")]).layout.title.text


def test_the_footnote_names_dataset_split_seeds_and_runs(plot: Plot, make: Make) -> None:
    records = [make(seed=3, dataset="karate"), make("cna", seed=11, dataset="karate")]
    footnote = plot(records).layout.annotations[-1].text
    facts = f"dataset karate · split random-60-20-20 · seeds 3, 11 · runs {records[0].id[:8]}, {records[1].id[:8]}<br>"
    assert footnote.startswith(facts)


def test_the_footnote_of_one_record_names_dataset_split_seed_and_run(
    plot_one: Callable[..., go.Figure], make: Make
) -> None:
    record = make("cna", seed=11, dataset="karate")
    footnote = plot_one(record, 2).layout.annotations[-1].text
    assert footnote.startswith(f"dataset karate · split random-60-20-20 · seeds 11 · runs {record.id[:8]}<br>")


@pytest.mark.parametrize("name", sorted(PLOTS))
def test_axes_have_titles(make: Make, name: str) -> None:
    figure = PLOTS[name](make("cna"), 1) if name in ONE else PLOTS[name]([make("cna")])
    axes = list(figure.select_xaxes()) + list(figure.select_yaxes())
    if name in WITHOUT_AXES:
        assert not any(axis.visible for axis in axes)
        assert sum(note.text.startswith("<b>epoch ") for note in figure.layout.annotations) == 2
    elif name in PROJECTIONS:
        assert not any(axis.showticklabels for axis in axes)
    else:  # an axis that shares the ticks of the panel below also shares its title
        assert all(axis.title.text or _names_rows(axis) for axis in axes if axis.showticklabels is not False)
        assert any(axis.title.text for axis in axes)


@pytest.mark.parametrize("layers", [1, 2, 96])
def test_any_depth_can_be_drawn(plot: Plot, make: Make, layers: int) -> None:
    records = [make("relu", layers), make("cna", layers)]
    if layers == 1 and plot in (figures.plot_accuracy_by_setting, figures.plot_sensitivity):
        with pytest.raises(UsageError, match=r"clusters (has|and hidden have) no effect"):  # there is no slot
            plot(records)
        return
    figure = plot(records)
    assert figure.data
    assert all(drawn(figure))


@pytest.mark.parametrize(("layers", "layer"), [(2, 1), (96, 1), (96, 95)])
def test_any_layer_with_a_slot_can_be_drawn(
    plot_one: Callable[..., go.Figure], make: Make, layers: int, layer: int
) -> None:
    figure = plot_one(make("cna", layers), layer)
    assert figure.data
    assert all(drawn(figure))


@pytest.mark.parametrize("classes", [1, 12])
def test_any_number_of_classes_and_three_seeds_can_be_drawn(plot_any: Plot, make: Make, classes: int) -> None:
    figure = plot_any([make("cna", seed=seed, classes=classes) for seed in range(3)])
    assert figure.data
    assert all(drawn(figure))


def assert_stored(figure: go.Figure) -> None:
    """Check that a figure is valid JSON from which the same figure can be made."""
    stored = json.loads(figure.to_json(), parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert stored["data"]
    assert drawn(go.Figure(stored)) == drawn(figure)
    assert go.Figure(stored).to_plotly_json()["layout"] == figure.to_plotly_json()["layout"]


def test_the_figure_can_be_stored_as_json(plot: Plot, make: Make) -> None:
    assert_stored(plot([make(slot) for slot in SLOTS]))


@pytest.mark.parametrize("slot", RATIONAL)
def test_the_figure_of_one_record_can_be_stored_as_json(
    plot_one: Callable[..., go.Figure], make: Make, slot: str
) -> None:
    if plot_one in OF_CLUSTERS and PRESETS[slot]["assignment"] == "none":
        with pytest.raises(UsageError, match=f"'{slot}' of run .* has no clusters at layer 1"):
            plot_one(make(slot), 1)
        return
    figure = plot_one(make(slot), 1)
    assert all(drawn(figure))
    assert_stored(figure)


def test_drawing_changes_no_record_and_draws_the_same_twice(plot_any: Plot, make: Make) -> None:
    record = make("cna")
    before = record.metrics.copy(deep=True)
    assert plot_any([record]).to_json() == plot_any([record]).to_json()
    assert record.metrics.identical(before)


def test_every_colour_has_a_counterpart_on_a_dark_page(plot_any: Plot, make: Make) -> None:
    assert not without_counterpart(plot_any([make("cna", seed=seed) for seed in (0, 1)]))


def test_no_records_are_refused(plot: Plot) -> None:
    with pytest.raises(UsageError, match="records"):
        plot([])


@pytest.mark.parametrize("name", ["plot_measure_by_layer", "plot_training_curves", "plot_embedding_by_layer"])
def test_records_of_different_depth_are_refused(make: Make, name: str) -> None:
    with pytest.raises(UsageError, match="needs records of one depth, not of depths 2, 4"):
        PLOTS[name]([make(layers=4), make(layers=2)])


@pytest.mark.parametrize("name", ["plot_measure_by_layer", "plot_measure_heatmap"])
def test_an_unknown_measure_is_refused_with_those_there_are(make: Make, name: str) -> None:
    with pytest.raises(UsageError, match="unknown measure 'rayleig'; choices, nearest first: rayleigh, "):
        PLOTS[name]([make()], "rayleig")


@pytest.mark.parametrize(
    ("name", "option"),
    [
        ("plot_measure_by_layer", {"stage": "conf"}),
        ("plot_measure_heatmap", {"stage": "conf"}),
        ("plot_accuracy_by_depth", {"split": "tset"}),
        ("plot_embedding_by_layer", {"layers": []}),
        ("plot_embedding_by_layer", {"stage": "conf"}),
        ("plot_embedding_by_layer", {"layers": [9]}),
    ],
)
def test_an_unknown_option_is_refused(make: Make, name: str, option: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        PLOTS[name]([make()], **option)


def test_an_unknown_method_is_refused(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "cna_viz.analysis.positions.methods.umap_layers", lambda layers, cache: pytest.fail("taken for UMAP")
    )
    with pytest.raises(UsageError):
        figures.plot_embedding_by_layer([make()], method="PCA")  # type: ignore[arg-type]


@pytest.mark.parametrize("name", LINES)
def test_a_slot_has_the_same_look_in_every_figure(make: Make, name: str) -> None:
    figure = PLOTS[name]([make(slot, seed=seed) for slot, seed in product(SLOTS, (0, 1))])
    for slot in SLOTS:
        style = SLOT_STYLES[slot]
        lines = [trace for trace in figure.data if trace.name == style.label]
        assert lines, f"no line of {slot}"
        for line in lines:
            look = (line.line.color, line.line.dash, line.marker.symbol, line.legendgroup)
            assert look == (style.color, style.dash, style.symbol, slot)


@pytest.mark.parametrize("name", LINES)
def test_the_legend_has_each_slot_once_in_the_order_of_the_records(make: Make, name: str) -> None:
    slots = ("cna", "none", "relu")
    figure = PLOTS[name]([make(slot, seed=seed) for slot, seed in product(slots, (0, 1))])
    shown = [trace.name for trace in figure.data if trace.showlegend is not False and trace.legendgroup in SLOTS]
    assert shown == [SLOT_STYLES[slot].label for slot in slots]


def test_colours_dashes_markers_and_labels_tell_slots_apart() -> None:
    assert tuple(SLOT_STYLES) == SLOTS
    assert len({(style.color, style.dash) for style in SLOT_STYLES.values()}) == len(SLOTS)
    for part in ("symbol", "label"):
        assert len({getattr(style, part) for style in SLOT_STYLES.values()}) == len(SLOTS)


@pytest.mark.parametrize("name", ["plot_measure_by_layer", "plot_measure_heatmap"])
def test_a_network_of_one_layer_has_no_slot_and_that_is_said(make: Make, name: str) -> None:
    with pytest.raises(UsageError):
        PLOTS[name]([make(layers=1)], stage="slot")


@pytest.mark.parametrize("name", ["plot_measure_by_layer", "plot_measure_heatmap"])
def test_a_measure_that_was_never_taken_is_refused(make: Make, name: str) -> None:
    record = make(measures="mad,rayleigh")
    assert PLOTS[name]([record], "mad").data
    with pytest.raises(UsageError, match="gradient_norm"):
        PLOTS[name]([record], "gradient_norm")


@pytest.mark.parametrize("name", sorted(set(ONE) - set(OF_ANY_SLOT)))
def test_a_slot_that_has_nothing_to_open_is_refused(make: Make, name: str) -> None:
    with pytest.raises(UsageError, match="'relu'"):
        PLOTS[name](make("relu"), 1)


@pytest.mark.parametrize("name", OF_ANY_SLOT)
def test_a_figure_of_any_slot_can_be_drawn_without_one(make: Make, name: str) -> None:
    assert all(drawn(PLOTS[name](make("relu"), 1)))
    assert all(drawn(PLOTS[name](make("relu", layers=1), 1)))


def test_a_diverged_record_can_be_drawn_where_it_has_numbers(plot_any: Plot, make: Make) -> None:
    diverged = make("cna", epochs=1, status="diverged", accuracy={}, best_epoch=1)
    if plot_any is figures.plot_sensitivity:  # which has no numbers of a cell in which a run diverged
        with pytest.raises(UsageError, match="in each a run diverged"):
            plot_any([diverged, make("relu")])
        return
    assert sum(drawn(plot_any([diverged, make("relu")]))) > 0


def test_what_the_seeds_do_is_drawn_as_a_band_in_the_colour_of_the_slot(make: Make) -> None:
    for name in LINES:
        figure = PLOTS[name]([make("cna", seed=seed) for seed in (0, 1)])
        bands = [trace for trace in figure.data if trace.fill == "toself"]
        assert {band.fillcolor for band in bands} == {"rgba(0, 114, 178, 0.15)"}, name
        assert all(band.showlegend is False and band.legendgroup == "cna" for band in bands)
        assert not [trace for trace in PLOTS[name]([make("cna")]).data if trace.fill], "one seed has no band"


@pytest.fixture(params=PAIRED)
def paired_plot(request: pytest.FixtureRequest) -> Plot:
    """Return each figure of comparisons in turn."""
    return ALL[request.param]


@pytest.fixture
def pairs(make: Make) -> list[Record]:
    """Return two pairs of every slot."""
    return [make(slot, seed=seed, dataset="karate", snapshots="none") for slot in SLOTS for seed in (3, 11)]


def test_comparisons_have_a_question_a_footnote_and_titles_of_axes(paired_plot: Plot, pairs: list[Record]) -> None:
    figure = paired_plot(pairs)
    assert figure.layout.title.text.endswith("?")
    facts = "dataset karate · split random-60-20-20 · seeds 3, 11 · runs "
    assert figure.layout.annotations[-1].text.startswith(facts)
    assert all(axis.title.text for axis in figure.select_xaxes())
    ticks = [axis for axis in figure.select_yaxes() if axis.showticklabels is not False]
    assert all(axis.title.text or _names_rows(axis) for axis in ticks)


def test_every_colour_of_a_comparison_has_a_counterpart_on_a_dark_page(paired_plot: Plot, pairs: list[Record]) -> None:
    assert not without_counterpart(paired_plot(pairs))


def test_comparisons_draw_the_same_twice_change_no_record_and_can_be_stored(
    paired_plot: Plot, pairs: list[Record]
) -> None:
    before = [dict(record.summary) for record in pairs]
    figure = paired_plot(pairs)
    assert figure.to_json() == paired_plot(pairs).to_json()
    assert [dict(record.summary) for record in pairs] == before
    json.loads(figure.to_json(), parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


def test_comparisons_of_nothing_and_with_missing_runs_are_refused(paired_plot: Plot, pairs: list[Record]) -> None:
    with pytest.raises(UsageError, match="no records"):
        paired_plot([])
    with pytest.raises(UsageError, match="runs missing: 1"):
        paired_plot([record for record in pairs if (record.config.slot, record.config.seed) != ("relu", 3)])
