"""One template for all, class looks that don't run out, and axes whose ticks stand where the data is."""

import subprocess
import sys

import plotly.graph_objects as go
import pytest

from cna_viz.config.vocabulary import SLOTS
from cna_viz.figures.style.theme import (
    CLASS_COLORS,
    CLASS_SYMBOLS,
    OTHER_COLORS,
    OTHER_DASHES,
    OTHER_SYMBOLS,
    PAPER,
    SLOT_STYLES,
    class_style,
    finish,
    group_style,
    log_axis,
    slot_style,
    whole_ticks,
)


@pytest.mark.parametrize("slot", SLOTS)
def test_a_known_slot_has_the_look_that_is_written_down(slot: str) -> None:
    assert slot_style(slot) is SLOT_STYLES[slot]


@pytest.mark.parametrize("name", ["GCN", "my network", "", "Ünïcödé 🎈", "x" * 500])
def test_a_watched_network_has_a_look_of_the_choices(name: str) -> None:
    style = slot_style(name)
    assert style == slot_style(name)
    assert (style.color in OTHER_COLORS, style.dash in OTHER_DASHES, style.symbol in OTHER_SYMBOLS) == (True,) * 3
    assert style.label == name


@pytest.mark.subprocess
def test_a_watched_network_has_the_same_look_in_every_process() -> None:
    names = ["GCN", "mine", "Ünïcödé", "a b"]
    code = (
        "import sys; from cna_viz.figures.style.theme import slot_style; print([slot_style(n) for n in sys.argv[1:]])"
    )
    for seed in ("1", "2"):
        answer = subprocess.run(
            [sys.executable, "-X", "utf8", "-c", code, *names],
            env={"PYTHONHASHSEED": seed, "PATH": ""},
            capture_output=True,
            encoding="utf8",
            check=True,
        )
        assert answer.stdout.strip() == str([slot_style(name) for name in names])


def test_watched_networks_mostly_look_different() -> None:
    looks = {(style.color, style.dash, style.symbol) for style in map(slot_style, map(str, range(100)))}
    assert len(looks) > 60
    assert len({(color, dash) for color, dash, _ in looks}) == len(OTHER_COLORS) * len(OTHER_DASHES)
    for part, choices in (("color", OTHER_COLORS), ("dash", OTHER_DASHES), ("symbol", OTHER_SYMBOLS)):
        assert {getattr(slot_style(str(number)), part) for number in range(100)} == set(choices)


def test_every_look_is_one_that_plotly_knows() -> None:
    for style in (*SLOT_STYLES.values(), *map(slot_style, map(str, range(60)))):
        go.Scatter(line={"color": style.color, "dash": style.dash}, marker={"symbol": style.symbol}, name=style.label)


def test_what_the_name_of_a_watched_network_carries_is_escaped() -> None:
    label = slot_style('<a href="x">&</a>').label
    assert label == '&lt;a href="x"&gt;&amp;&lt;/a&gt;'


def test_an_arm_has_the_colour_of_its_slot_and_a_look_by_the_rest() -> None:
    arms = [f"cna, clusters {count}" for count in (2, 4, 8, 16)]
    styles = [slot_style(arm) for arm in arms]
    assert {style.color for style in styles} == {SLOT_STYLES["cna"].color}
    assert len({(style.dash, style.symbol) for style in styles}) == len(arms)
    assert [style.label for style in styles] == [f"CNA, clusters {count}" for count in (2, 4, 8, 16)]
    assert slot_style("cna, <b>").label == "CNA, &lt;b&gt;"
    assert slot_style("cnb, clusters 2").label == "cnb, clusters 2"


def test_a_long_footnote_has_room_below_the_axis() -> None:
    for lines in (1, 2, 3, 6):
        footnote = "<br>".join(["words"] * lines)
        figure = finish(go.Figure(), "Why?", footnote, height=300)
        (note,) = figure.layout.annotations
        assert figure.layout.height == 300 + figure.layout.margin.b
        assert figure.layout.margin.b + note.yshift >= 16 * lines
        assert note.yshift == -70


def test_sixty_classes_look_different_and_any_number_is_possible() -> None:
    most = len(CLASS_COLORS) * len(CLASS_SYMBOLS)
    assert len({class_style(number) for number in range(most)}) == most == 60
    assert class_style(0) == (CLASS_COLORS[0], CLASS_SYMBOLS[0])
    assert class_style(10) == (CLASS_COLORS[0], CLASS_SYMBOLS[1])
    assert class_style(most) == class_style(0)


def test_finish_gives_title_template_footnote_and_space_for_it() -> None:
    figure = go.Figure()
    assert finish(figure, "Why?", "because", height=300, below=10) is figure
    assert (figure.layout.title.text, figure.layout.height, figure.layout.margin.b) == ("Why?", 420, 120)
    assert figure.layout.template.layout.plot_bgcolor == PAPER
    (note,) = figure.layout.annotations
    assert (note.text, note.yref, note.y, note.yanchor) == ("because", "paper", 0, "top")
    assert -120 < note.yshift < 0


@pytest.mark.parametrize(
    "values", [[1.0], [0.03, 0.9], [1e-9, 3.0], [1e-300, 1e300], [2.0, 5e3], [float("nan"), 0.0, -1.0, 7.0]]
)
def test_ticks_of_a_logarithmic_axis_are_written_out_where_the_data_is(values: list[float]) -> None:
    axis = log_axis(values)
    assert axis["type"] == "log"
    ticks, texts = axis["tickvals"], axis["ticktext"]
    assert isinstance(ticks, list)
    assert isinstance(texts, list)
    positive = [value for value in values if value > 0]
    assert ticks == sorted(ticks)
    assert min(ticks) <= min(positive)
    assert ticks[-1] * (ticks[-1] / ticks[-2]) > max(positive)  # less than a step is missing above
    assert len(set(texts)) == len(ticks) <= 12
    for tick, text in zip(ticks, texts, strict=True):
        power = text.removeprefix("10<sup>").removesuffix("</sup>")
        assert float(text if power == text else f"1e{power}") == pytest.approx(tick)


@pytest.mark.parametrize("values", [[0.09, 0.14], [3.0, 9.0], [95.0, 105.0], [1.2, 1.9], [7.0, 7.0]])
def test_a_narrow_logarithmic_axis_has_several_ticks_in_sight(values: list[float]) -> None:
    ticks = log_axis(values)["tickvals"]
    assert isinstance(ticks, list)
    assert len([tick for tick in ticks if values[0] / 2 <= tick <= 2 * values[1]]) >= 5
    assert len(ticks) <= 20


def test_a_very_narrow_logarithmic_axis_has_ticks_where_its_values_are() -> None:
    texts = log_axis([1.2, 1.9])["ticktext"]
    assert isinstance(texts, list)
    assert {"1.2", "1.4", "1.6", "1.8"} <= set(texts)


def test_layers_and_epochs_have_whole_ticks() -> None:
    assert whole_ticks([1, 2]) == whole_ticks(range(9)) == {"dtick": 1}
    assert whole_ticks(range(10)) == whole_ticks([]) == {}


def test_a_logarithmic_axis_without_anything_to_show() -> None:
    assert log_axis([0.0, float("nan")]) == {"type": "log"}
    assert log_axis([]) == {"type": "log"}


def test_arms_that_differ_in_their_slot_alone_differ_in_more_than_their_colour() -> None:
    for rest in ("backbone gcn", "clusters 4", "residual True"):
        looks = [slot_style(f"{slot}, {rest}") for slot in ("none", "relu", "cna", "n")]
        assert len({look.symbol for look in looks}) == len(looks)


def test_what_is_no_number_looks_like_no_group_of_numbers() -> None:
    looks = [group_style("predicted number", number) for number in range(6)]
    assert len(set(looks)) == 6
    assert {marker for _, marker in looks[:5]} == {looks[0][1]} != {looks[5][1]}
