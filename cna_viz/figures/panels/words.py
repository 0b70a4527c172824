"""A panel that says in words why there is nothing to draw."""

from textwrap import wrap
from typing import Final

from cna_viz.figures.panels.compact import compact
from cna_viz.figures.panels.drawing import Drawing
from cna_viz.figures.style.theme import MUTED, escaped

LETTERS: Final = 60
"""Letters of a line, which fits in the narrowest panel."""


def words_panel(title: str, sentence: str) -> Drawing:
    """Return a low panel with a title and a sentence in the place of what can't be drawn.

    Args:
        title: What would be seen.
        sentence: Why it is not, and what to do; plain text.
    """
    lines = wrap(sentence, LETTERS, break_on_hyphens=False)
    text = {
        "text": escaped("\n".join(lines)).replace("\n", "<br>"),
        "showarrow": False,
        "xref": "paper",
        "yref": "paper",
        "x": 0,
        "y": 1,
        "xanchor": "left",
        "yanchor": "top",
        "align": "left",
        "font": {"size": 13, "color": MUTED},
    }
    hidden = {"visible": False}
    layout = {"annotations": [text], "xaxis": hidden, "yaxis": hidden}
    return compact([], f"<b>{title}</b>", layout, kept="words", height=70 + 19 * len(lines))
