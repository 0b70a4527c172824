"""A dark figure is the same figure in other colours: all of the theme's are exchanged, and nothing else."""

from collections.abc import Callable
from itertools import combinations

import numpy as np
import plotly.graph_objects as go
import pytest
from plotly.colors import hex_to_rgb

from cna_viz.figures.plots.measure_heatmap import plot_measure_heatmap
from cna_viz.figures.plots.training_curves import plot_training_curves
from cna_viz.figures.style import theme
from cna_viz.figures.style.dark_theme import DARK_PAPER, counterpart, counterparts, dark
from cna_viz.records.record import Record
from tests.figures.dark_colors import without_counterpart

Make = Callable[..., Record]


def luminance(color: str) -> float:
    """Return the relative luminance of the accessibility guidelines (WCAG 2)."""
    channels = np.array(hex_to_rgb(color)) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(one: str, other: str) -> float:
    light, dim = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dim + 0.05)


def test_every_colour_that_marks_something_has_a_counterpart_that_can_be_seen_on_the_dark_paper() -> None:
    marks = {style.color for style in theme.SLOT_STYLES.values()} | {*theme.CLASS_COLORS, *theme.OTHER_COLORS}
    for color in marks | {*theme.ORDERED_COLORS}:
        assert contrast(counterpart(color), DARK_PAPER) >= 3, color
    for color in (theme.INK, theme.MUTED):
        assert contrast(counterpart(color), DARK_PAPER) >= 7, color


@pytest.mark.parametrize(
    "group", [theme.CLASS_COLORS, theme.ORDERED_COLORS, [style.color for style in theme.SLOT_STYLES.values()]]
)
def test_colours_that_differ_differ_on_the_dark_paper(group: list[str]) -> None:
    for one, other in combinations(dict.fromkeys(group), 2):
        assert counterpart(one) != counterpart(other)


def test_groups_that_have_an_order_keep_it() -> None:
    lights = [luminance(counterpart(color)) for color in theme.ORDERED_COLORS]
    assert lights == sorted(lights)


def test_colours_are_exchanged_in_every_form() -> None:
    assert counterpart(theme.INK.upper()) == counterparts()[theme.INK]
    assert counterpart("rgb(31, 36, 48)") == "rgb(230, 233, 239)"
    assert counterpart("rgba(31, 36, 48, 0.15)") == "rgba(230, 233, 239, 0.15)"
    for other in ("#123456", "rgba(1, 2, 3, 0.5)", "red", ""):
        assert counterpart(other) == other


def test_the_figure_itself_and_all_that_is_no_colour_stay_as_they_are(make: Make) -> None:
    figure = plot_training_curves([make("cna"), make("relu")])
    figure.add_scatter(x=[0], y=[1], name=theme.INK, text=[theme.INK], marker={"color": [theme.INK], "size": 3})
    before = figure.to_json()
    night = dark(figure)
    assert figure.to_json() == before
    assert night.data[-1].name == night.data[-1].text[0] == theme.INK
    assert night.data[-1].marker.color == (counterparts()[theme.INK],)
    for trace, light in zip(night.data, figure.data, strict=True):
        assert np.array_equal(trace.y, light.y, equal_nan=True)


def test_the_template_the_scales_and_the_frames_are_exchanged_too(make: Make) -> None:
    figure = plot_measure_heatmap([make("cna")])
    figure.frames = [go.Frame(data=[{"type": "scatter", "marker": {"color": np.array([theme.INK], dtype=object)}}])]
    night = dark(figure)
    assert night.layout.template.layout.paper_bgcolor == DARK_PAPER
    assert night.frames[0].data[0].marker.color == (counterparts()[theme.INK],)
    scales = [[color for _, color in one.layout.coloraxis.colorscale] for one in (figure, night)]
    assert scales[1] == [counterpart(color) for color in scales[0]]
    assert not set(scales[0]) & set(scales[1]) - {scales[0][-1]}
    assert contrast(scales[1][0], DARK_PAPER) >= 1.5, "what is measured must differ from what is blank"


def test_colours_without_a_counterpart_are_found() -> None:
    figure = go.Figure(go.Scatter(x=[1], y=[1], marker={"color": ["#123456", theme.INK]}))
    assert without_counterpart(figure.update_layout(template="none")) == {"#123456"}
