"""A question before the answer: what somebody predicts is said again when the figure is shown."""

from collections.abc import Sequence

import plotly.graph_objects as go
from ipywidgets import BoundedIntText, Button, HBox, Layout, RadioButtons, VBox, Widget

from cna_viz.errors import UsageError
from cna_viz.widgets.panel import Panel
from cna_viz.widgets.prose import Prose
from cna_viz.widgets.view import View

MOST_HANDS = 100_000
"""Votes that can be counted for one choice."""


class Prediction(Panel):
    """A question with choices; its answer is seen when it was asked for, below what was predicted.

    A report has no kernel and can't be asked: there the figure stands from the start.

    Args:
        question: What is asked; Markdown as in :class:`~cna_viz.widgets.prose.Prose`.
        choices: The answers to choose from; at least two, none twice.
        reveal: What answers it: a figure, or a widget of ours. A widget is closed together with this one.
        answer: What the numbers say, as findings say it; nothing when left out.
        hands: Count votes: beside every choice stands how many were for it.

    Raises:
        UsageError: When there are fewer than two choices, or two that are the same.
    """

    def __init__(
        self,
        question: str,
        choices: Sequence[str],
        reveal: go.Figure | View | Panel,
        answer: str | None = None,
        *,
        hands: bool = False,
    ) -> None:
        _check(choices)
        super().__init__()
        self._reveal = View(reveal) if isinstance(reveal, go.Figure) else reveal
        self._answer = answer or ""
        self._question, self._choices = question, tuple(choices)
        self._said, self._found = Prose(), Prose()
        self._hands = [_count(choice, self._choices) for choice in self._choices] if hands else []
        self._radio = None if hands else _menu(self._choices)
        self._button = Button(description="Show", button_style="primary", tooltip="show what the runs say")
        self._button.on_click(self.guarded(self.show))
        self._answering = VBox([self._said, self._reveal, self._found], layout=Layout(display="none"))
        self.compose(VBox([Prose(question), *self._controls(), HBox([self._button])]), self._answering)

    @property
    def predicted(self) -> str | None:
        """The choice that was made, or that has most votes; None where there is none."""
        if self._radio is not None:
            chosen: str | None = self._radio.value
            return chosen
        most = max(box.value for box in self._hands)
        leading = [choice for choice, box in zip(self._choices, self._hands, strict=True) if box.value == most]
        return leading[0] if most and len(leading) == 1 else None

    @property
    def shown(self) -> bool:
        """Whether the answer was shown."""
        return self._answering.layout.display is None

    def show(self) -> None:
        """Show what answers the question, and say again what was predicted."""
        self._said.say(self._vote())
        self._found.say(self._answer)
        self._button.disabled = True
        for control in self._controls():
            control.disabled = True
        self._answering.layout.display = None

    def figure(self) -> go.Figure:
        """Return the figure of the answer."""
        return self._reveal.figure()

    def words(self) -> str:
        """Return the question with its choices, what a widget that answers it says, and the answer."""
        question = f"**{self._question}** ({' / '.join(self._choices)})"
        revealed = self._reveal.words() if isinstance(self._reveal, Panel) else ""
        return "\n\n".join(text for text in (question, revealed, self._answer) if text)

    def _controls(self) -> list[Widget]:
        return self._hands if self._radio is None else [self._radio]

    def _vote(self) -> str:
        if self._radio is not None:
            return f"You said: **{self.predicted}**." if self.predicted else "You made no prediction."
        votes = [f"{choice} **{box.value}**" for choice, box in zip(self._choices, self._hands, strict=True)]
        return f"You said: {', '.join(votes)}."


def _check(choices: Sequence[str]) -> None:
    if len(choices) < 2:
        raise UsageError(f"choices = {list(choices)} are too few: a prediction needs at least two to choose from")
    if len(set(choices)) < len(choices):
        raise UsageError(f"choices = {list(choices)} hold one of them twice")


def _menu(choices: Sequence[str]) -> RadioButtons:
    look = {"description_width": "initial"}
    return RadioButtons(options=choices, value=None, description="prediction", style=look, layout=Layout(width="auto"))


def _count(choice: str, choices: Sequence[str]) -> BoundedIntText:
    width = max(map(len, choices))
    look = {"style": {"description_width": f"{width}ch"}, "layout": Layout(width=f"calc({width}ch + 10em)")}
    return BoundedIntText(value=0, min=0, max=MOST_HANDS, description=choice, **look)
