"""A question before its answer: what is seen when, what was said, and what stands in a report."""

from collections.abc import Iterator

import ipywidgets
import plotly.graph_objects as go
import pytest
from ipywidgets import Button, RadioButtons
from ipywidgets.widgets.widget import _instances

from cna_viz.errors import UsageError
from cna_viz.reports.page.widgets import FIGURE, WIDGET
from cna_viz.widgets import AblationBoard, Prediction, View
from cna_viz.widgets.library import library

CHOICES = ("it rises", "it falls")


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    ipywidgets.Widget.close_all()


def answer() -> go.Figure:
    return go.Figure(go.Scatter(x=[0, 1], y=[2, 3])).update_layout(title="What happens?")


def inside(widget: ipywidgets.Widget) -> list[ipywidgets.Widget]:
    """Return what is seen of a widget."""
    if widget.layout.display == "none":
        return []
    return [widget, *(found for child in getattr(widget, "children", ()) for found in inside(child))]


def text(widget: ipywidgets.Widget) -> str:
    return " ".join(found.value for found in inside(widget) if isinstance(found, ipywidgets.HTML))


def one(widget: ipywidgets.Widget, kind: type) -> ipywidgets.Widget:
    (found,) = (child for child in inside(widget) if isinstance(child, kind))
    return found


def test_before_the_button_only_the_question_is_seen() -> None:
    prediction = Prediction("What does **depth** do?", CHOICES, answer(), "it **collapses**")
    assert not prediction.shown
    assert not [found for found in inside(prediction) if isinstance(found, View)]
    assert "<strong>depth</strong>" in text(prediction)
    assert "collapses" not in text(prediction)
    assert prediction.predicted is None


def test_afterwards_the_vote_is_repeated_above_figure_and_answer() -> None:
    prediction = Prediction("What?", CHOICES, answer(), "it **collapses**")
    one(prediction, RadioButtons).value = CHOICES[1]
    one(prediction, Button).click()
    assert prediction.shown
    assert prediction.predicted == CHOICES[1]
    assert "You said: <strong>it falls</strong>." in text(prediction)
    assert "it <strong>collapses</strong>" in text(prediction)
    assert one(prediction, View).figure() == answer()
    assert one(prediction, Button).disabled


@pytest.mark.parametrize(
    ("votes", "said", "predicted"),
    [
        ((0, 0), "You made no prediction.", None),
        ((1, 0), "You said: it rises <strong>1</strong>, it falls <strong>0</strong>.", CHOICES[0]),
        ((2, 2), "You said: it rises <strong>2</strong>, it falls <strong>2</strong>.", None),
    ],
)
def test_votes_are_repeated_as_they_were_counted(votes: tuple[int, int], said: str, predicted: str | None) -> None:
    prediction = Prediction("What?", CHOICES, answer(), hands=True)
    boxes = [child for child in inside(prediction) if isinstance(child, ipywidgets.BoundedIntText)]
    for box, count in zip(boxes, votes, strict=True):
        box.value = count
    assert prediction.predicted == predicted
    one(prediction, Button).click()
    assert said in text(prediction)


def test_who_made_no_prediction_sees_the_answer_all_the_same() -> None:
    prediction = Prediction("What?", CHOICES, answer())
    one(prediction, Button).click()
    assert "You made no prediction." in text(prediction)
    assert prediction.shown


def test_showing_twice_shows_once() -> None:
    prediction = Prediction("What?", CHOICES, answer())
    prediction.show()
    prediction.show()
    one(prediction, View)


def test_words_of_the_question_are_text() -> None:
    prediction = Prediction("<img src=x>", ["<i>a", "b"], answer(), "<script>")
    one(prediction, RadioButtons).value = "<i>a"
    prediction.show()
    assert "<img" not in text(prediction)
    assert "<script" not in text(prediction)
    assert "<i>" not in text(prediction)


def test_a_widget_of_ours_can_answer() -> None:
    board = AblationBoard()
    prediction = Prediction("What?", CHOICES, board)
    assert prediction.figure() == board.figure()
    prediction.show()
    assert board in inside(prediction)


def test_a_report_shows_the_figure_of_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CNA_VIZ_BATCH", "1")
    bundle = Prediction("What?", CHOICES, answer())._repr_mimebundle_()
    assert WIDGET in bundle
    assert go.Figure(bundle[FIGURE]) == answer()


def test_a_report_says_what_the_widget_of_the_answer_says() -> None:
    board = AblationBoard()
    assert board.words()
    assert (
        Prediction("What?", CHOICES, board, "so").words() == f"**What?** (it rises / it falls)\n\n{board.words()}\n\nso"
    )
    assert Prediction("What?", CHOICES, answer()).words() == "**What?** (it rises / it falls)"


def test_hands_are_counted_and_the_most_win() -> None:
    prediction = Prediction("What?", CHOICES, answer(), hands=True)
    rises, falls = (found for found in inside(prediction) if isinstance(found, ipywidgets.BoundedIntText))
    assert (rises.description, falls.description) == CHOICES
    assert prediction.predicted is None
    rises.value, falls.value = 3, 3
    assert prediction.predicted is None
    falls.value = 9
    assert prediction.predicted == CHOICES[1]
    prediction.show()
    assert "it rises <strong>3</strong>, it falls <strong>9</strong>" in text(prediction)


@pytest.mark.parametrize(("choices", "message"), [(["one"], "too few"), ([], "too few"), (["a", "a"], "twice")])
def test_choices_that_leave_none_are_refused(choices: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Prediction("What?", choices, answer())


@pytest.mark.parametrize("hands", [False, True])
@pytest.mark.parametrize("shown", [False, True])
def test_nothing_is_left_of_closed_questions(hands: bool, shown: bool) -> None:
    library()
    before = set(_instances)
    for _ in range(100):
        prediction = Prediction("What?", CHOICES, answer(), "so", hands=hands)
        if shown:
            prediction.show()
        prediction.close()
    assert set(_instances) == before
