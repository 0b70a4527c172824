"""Panels as one figure: every trace with its data, nothing shared that was not, all words in their cell."""

import json
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from cna_viz.figures.panels import words_panel
from cna_viz.figures.panels.arrange import TOP, arrange
from cna_viz.figures.panels.drawing import Drawing


def plain(height: int = 300, **layout: Any) -> go.Figure:
    """Return a figure with two traces on one pair of axes."""
    figure = go.Figure([go.Scatter(x=[1, 2], y=[3, 4], name="one"), go.Bar(x=[1], y=[2], name="two")])
    return figure.update_layout(height=height, title="A title", margin={"l": 60, "r": 60, "t": 30, "b": 30}, **layout)


def paired() -> go.Figure:
    """Return a figure with two pairs of axes, the second of which follows the first."""
    figure = go.Figure([go.Scatter(x=[0], y=[0]), go.Scatter(x=[1], y=[1], xaxis="x2", yaxis="y2")])
    return figure.update_layout(
        xaxis={"domain": [0, 0.4]},
        xaxis2={"domain": [0.6, 1], "anchor": "y2"},
        yaxis2={"anchor": "x2", "matches": "y", "scaleanchor": "x2"},
        height=200,
        shapes=[{"type": "line", "xref": "x2", "yref": "y2 domain", "x0": 1, "x1": 1, "y0": 0, "y1": 1}],
        annotations=[
            {"text": "corner", "x": 1, "y": 0},
            {"text": "at a point", "x": 1, "y": 1, "xref": "x2", "yref": "y2"},
        ],
    )


def sankey() -> go.Figure:
    flow = go.Sankey(node={"label": ["a", "b"]}, link={"source": [0], "target": [1], "value": [1]})
    return go.Figure(flow).update_layout(height=250)


def domain(figure: go.Figure, trace: Any) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return where on the paper a trace is drawn, across and up."""
    if trace.type == "sankey":
        return tuple(trace.domain.x), tuple(trace.domain.y)
    across, up = trace.xaxis or "x", trace.yaxis or "y"
    layout = figure.layout
    return tuple(layout[f"xaxis{across[1:]}"].domain), tuple(layout[f"yaxis{up[1:]}"].domain)


def overlap(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return one[0] < other[1] - 1e-9 and other[0] < one[1] - 1e-9


def test_every_trace_keeps_its_data() -> None:
    parts = [[plain(), paired()], [sankey()]]
    whole = arrange(parts, "Whole", "from here")
    before = [trace for row in parts for part in row for trace in part.data]
    assert len(whole.data) == len(before)
    for old, new in zip(before, whole.data, strict=True):
        assert (new.type, new.name) == (old.type, old.name)
        for name in ("x", "y", "link", "node"):
            if name in old:
                assert new[name] == old[name]


def test_no_two_parts_share_a_place() -> None:
    parts = [[plain(), paired()], [sankey(), plain()]]
    whole = arrange(parts, "Whole", "from here")
    owner = [part for row in parts for part in row for _ in part.data]
    for first, one in enumerate(whole.data):
        for second, other in enumerate(whole.data[:first]):
            if owner[first] is owner[second] and owner[first] is not parts[0][1]:
                continue
            places = zip(domain(whole, one), domain(whole, other), strict=True)
            assert not all(overlap(*pair) for pair in places), (first, second)


def test_traces_share_axes_where_they_did() -> None:
    whole = arrange([[plain(), plain()]], "Whole", "from here")
    one, two, three, four = whole.data
    assert (one.xaxis, one.yaxis) == (two.xaxis, two.yaxis)
    assert (three.xaxis, three.yaxis) == (four.xaxis, four.yaxis)
    assert {one.xaxis, one.yaxis}.isdisjoint({three.xaxis, three.yaxis})


def test_what_axes_say_of_each_other_is_renamed() -> None:
    whole = arrange([[plain(), paired()]], "Whole", "from here")
    _, _, first, second = whole.data
    follower = whole.layout[f"yaxis{second.yaxis[1:]}"]
    assert (follower.anchor, follower.matches, follower.scaleanchor) == (second.xaxis, first.yaxis, second.xaxis)
    (rule,) = whole.layout.shapes
    assert (rule.xref, rule.yref) == (second.xaxis, f"{second.yaxis} domain")
    words = next(note for note in whole.layout.annotations if note.text == "at a point")
    assert (words.xref, words.yref, words.x, words.y) == (second.xaxis, second.yaxis, 1, 1)


def test_words_on_the_paper_stay_at_their_part() -> None:
    whole = arrange([[plain(), paired()], [sankey()]], "Whole", "from here")
    corner = next(note for note in whole.layout.annotations if note.text == "corner")
    (_, right), (low, _) = domain(whole, whole.data[3])
    assert (corner.x, corner.y) == (pytest.approx(right), pytest.approx(low))
    titles = [note for note in whole.layout.annotations if note.text == "A title"]
    (left, _), (_, high) = domain(whole, whole.data[0])
    assert titles[0].x < left
    assert titles[0].y > high


def test_rows_are_as_high_as_their_highest_part() -> None:
    whole = arrange([[plain(300), plain(180)], [plain(220)]], "Whole", "from here")
    bottom = whole.layout.margin.b
    assert whole.layout.height == TOP + 300 + 220 + bottom
    heights = [(high - low) * 520 for _, (low, high) in (domain(whole, whole.data[number]) for number in (0, 2, 4))]
    np.testing.assert_allclose(heights, [300 - 60, 180 - 60, 220 - 60])


def test_each_part_has_its_legend_in_its_cell() -> None:
    whole = arrange([[plain(legend={"x": 0, "y": 0}), plain(showlegend=False), plain()]], "Whole", "from here")
    names = [trace.legend for trace in whole.data]
    assert names[0] == names[1] != names[4] == names[5]
    assert [trace.showlegend for trace in whole.data[2:4]] == [False, False]
    for number, name in ((0, names[0]), (2, names[4])):
        legend = whole.layout[name or "legend"]
        assert number / 3 <= legend.x <= (number + 1) / 3


def test_a_long_legend_has_rows_within_its_cell() -> None:
    figure = go.Figure([go.Scatter(x=[n], y=[n], name=f"a rather long name {n}") for n in range(9)])
    figure.update_layout(height=300, legend={"orientation": "h", "y": 0, "yanchor": "bottom"}, title="A title")
    whole = arrange([[figure, plain()]], "Whole", "from here")
    rows = list(dict.fromkeys(trace.legend for trace in whole.data[:9]))
    assert len(rows) > 1
    heights = [whole.layout[name or "legend"].y for name in rows]
    assert heights == sorted(heights, reverse=True)
    for name in rows:
        letters = sum(len(trace.name) for trace in whole.data[:9] if trace.legend == name)
        assert letters * 6.5 < 600


def test_links_are_kept_with_new_numbers_and_nothing_else_of_meta() -> None:
    one, other = plain(meta={"linked": [[0, 1]], "bars": [[1]]}), plain(meta={"linked": [[1, 0]]})
    assert arrange([[one, other]], "Whole", "from here").layout.meta == {"linked": [[0, 1], [3, 2]]}


def test_colour_axes_are_kept_apart() -> None:
    parts = [
        go.Figure(go.Scatter(x=[1], y=[1], marker={"color": [n], "coloraxis": "coloraxis"})).update_layout(
            coloraxis={"cmin": n, "colorbar": {"x": 1, "len": 1}}, height=200
        )
        for n in (1, 2)
    ]
    whole = arrange([parts], "Whole", "from here")
    for number, trace in enumerate(whole.data, start=1):
        axis = whole.layout[trace.marker.coloraxis]
        assert axis.cmin == number
        assert (number - 1) / 2 < axis.colorbar.x <= number / 2


def test_drawings_and_figures_may_stand_side_by_side() -> None:
    drawing: Drawing = words_panel("Where?", "Nowhere, as there is nothing.")
    whole = arrange([[drawing, plain()]], "Whole", "from here")
    assert {"<b>Where?</b>", "A title"} <= {note.text for note in whole.layout.annotations}


def test_title_and_footnote_are_those_of_the_whole_and_parts_stay_as_they_are() -> None:
    part = plain()
    before = part.to_json()
    whole = arrange([[part]], "What is it?", "dataset a<br>note")
    assert whole.layout.title.text == "<b>What is it?</b>"
    assert whole.layout.annotations[-1].text == "dataset a<br>note"
    assert part.to_json() == before
    json.loads(whole.to_json())
