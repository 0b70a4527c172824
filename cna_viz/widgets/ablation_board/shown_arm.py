"""What the board shows of a look: a figure, and sentences."""

from collections.abc import Sequence

import plotly.graph_objects as go

from cna_viz.analysis.sentences.chosen_arm_findings import arm_findings
from cna_viz.analysis.sentences.findings import bullets
from cna_viz.analysis.tables.chosen_arm import arms_by_depth
from cna_viz.analysis.tables.comparison import arm_names
from cna_viz.figures.plots.chosen_arm import plot_chosen_arm
from cna_viz.records.record import Record
from cna_viz.widgets.ablation_board.look import Look, at_hand, shown


def figure_of(records: Sequence[Record], look: Look, baseline: str = "relu") -> go.Figure:
    """Return the figure of a look that has runs: see :func:`~cna_viz.figures.plot_chosen_arm`."""
    members = at_hand(records, look)
    return plot_chosen_arm(members, arm_of(records, look), baseline, layers=look.layers)


def words_of(records: Sequence[Record], look: Look, baseline: str = "relu") -> str:
    """Return what the numbers of a look that has runs say, as a Markdown list."""
    arms = arms_by_depth(at_hand(records, look))[look.layers]
    return bullets(arm_findings(arms, arm_of(records, look), baseline))


def arm_of(records: Sequence[Record], look: Look) -> str:
    """Return the name of the arm that is looked at, as figures and sentences call it."""
    names = arm_names([record.config for record in at_hand(records, look)], ignore={"layers"})
    return names[shown(records, look)[0].config.run_id]
