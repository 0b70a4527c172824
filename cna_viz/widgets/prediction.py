"""A question whose answer appears on request, below the prediction."""

from collections.abc import Sequence

import plotly.graph_objects as go
from ipywidgets import BoundedIntText, Button, HBox, Layout, RadioButtons, VBox, Widget

from cna_viz.errors import UsageError
from cna_viz.widgets.controls import WIDE
from cna_viz.widgets.panel import Panel
from cna_viz.widgets.prose import Prose
from cna_viz.widgets.view import View

MOST_HANDS = 100_000
"""Maximum number of votes for one choice."""


class Prediction(Panel):
    """A question with choices; its answer appears on request, below the prediction.

    In a report, which has no kernel, the figure is visible from the start.

    Args:
        question: The question; Markdown as in :class:`~cna_viz.widgets.prose.Prose`.
        choices: The possible answers; at least two, all different.
        reveal: The figure or widget that answers it. A widget is closed together with this one.
        answer: Findings below the figure; none when left out.
        hands: Count votes: every choice has a field for its number of votes.

    Raises:
        UsageError: When there are fewer than two choices, or two are equal.
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
        if len(choices) < 2:
            raise UsageError(f"choices = {list(choices)} are too few: a prediction needs at least two to choose from")
        if len(set(choices)) < len(choices):
            raise UsageError(f"choices = {list(choices)} hold one of them twice")
        super().__init__()
        self._reveal = View(reveal) if isinstance(reveal, go.Figure) else reveal
        self._answer = answer or ""
        self._question, self._choices = question, tuple(choices)
        self._said, self._found = Prose(), Prose()
        self._hands = [_count(choice, self._choices) for choice in self._choices] if hands else []
        menu = {"value": None, "description": "prediction", "style": WIDE, "layout": {"width": "auto"}}
        self._radio = None if hands else RadioButtons(options=self._choices, **menu)
        self._button = Button(description="Show", button_style="primary", tooltip="show what the runs say")
        self._button.on_click(self.guarded(self.show))
        self._answering = VBox([self._said, self._reveal, self._found], layout=Layout(display="none"))
        self.compose(VBox([Prose(question), *self._controls(), HBox([self._button])]), self._answering)

    @property
    def predicted(self) -> str | None:
        """The chosen answer, or the one with most votes; None without a choice or at a tie."""
        if self._radio is not None:
            chosen: str | None = self._radio.value
            return chosen
        most = max(box.value for box in self._hands)
        leading = [choice for choice, box in zip(self._choices, self._hands, strict=True) if box.value == most]
        return leading[0] if most and len(leading) == 1 else None

    @property
    def shown(self) -> bool:
        """Whether the answer is visible."""
        return self._answering.layout.display is None

    def show(self) -> None:
        """Show the answer and the prediction."""
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
        """Return the question with its choices, the words of the revealed widget, and the answer."""
        question = f"**{self._question}** ({' / '.join(self._choices)})"
        revealed = self._reveal.words() if isinstance(self._reveal, Panel) else ""
        return "\n\n".join(text for text in (question, revealed, self._answer) if text)

    def _controls(self) -> list[Widget]:
        return self._hands if self._radio is None else [self._radio]

    def _vote(self) -> str:
        if self._radio is not None:
            return f"You said: **{self.predicted}**." if self.predicted else "You made no prediction."
        if not any(box.value for box in self._hands):
            return "You made no prediction."
        votes = [f"{choice} **{box.value}**" for choice, box in zip(self._choices, self._hands, strict=True)]
        return f"You said: {', '.join(votes)}."


def _count(choice: str, choices: Sequence[str]) -> BoundedIntText:
    width = max(map(len, choices))
    look = {"style": {"description_width": f"{width}ch"}, "layout": Layout(width=f"calc({width}ch + 10em)")}
    return BoundedIntText(value=0, min=0, max=MOST_HANDS, description=choice, **look)
