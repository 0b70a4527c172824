"""What does one arm change, among the others of its depth?"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from cna_viz.analysis.sentences.chosen_arm_findings import difference_words
from cna_viz.analysis.tables.chosen_arm import arms_by_depth, score_table, scores_by_depth
from cna_viz.analysis.tables.predictions import CHANCE, chance_score
from cna_viz.config.vocabulary import SLOTS
from cna_viz.errors import unknown_name
from cna_viz.figures.pieces.accuracy_lines import logarithmic
from cna_viz.figures.pieces.arm_rows import add_arm_rows, add_reference, add_rule, arm_range
from cna_viz.figures.pieces.marks import add_slot_line
from cna_viz.figures.style.checks import one_metric
from cna_viz.figures.style.labels import SETTING_AXES, layers_words, provenance, student_note, which_model
from cna_viz.figures.style.theme import INK, MUTED, finish, slot_style, space_below
from cna_viz.records.record import Record
from cna_viz.scores import factor, label

Arms = Mapping[str, Sequence[Record]]

ROW: Final = 30
"""Height of a row in pixels."""
DIFFERENCE: Final = (
    "rules across the chosen arm: its runs · difference: pairs of the same split and seed, bootstrap interval"
)
TOP: Final = 138
"""Space above the panels: title, difference and a legend of two lines."""
NUMBERS: Final = 150
"""Space for the numbers at the right of the rows."""


def plot_chosen_arm(
    records: Sequence[Record],
    arm: str = "cna",
    baseline: str = "relu",
    *,
    layers: int | None = None,
    part: str = "test",
) -> go.Figure:
    """Draw the score of one arm among all arms of its depth, its difference from a baseline, and its way over depths.

    Arms are those of :func:`.chosen_arm.arms_by_depth`, the best at the top; the chosen one stands
    out, the baseline is a line with its interval as a band. The difference, pair by pair, is written below the title.
    Where the arm or the baseline was trained at several depths, a second panel shows both there.

    Args:
        records: Runs on one dataset and one split protocol, which differ in nothing but slots, depth and seeds.
        arm: The chosen arm.
        baseline: The arm that it is held against; a slot of which the depth has no runs is passed over.
        layers: The depth; the greatest that has the arm when left out.
        part: train, val or test.

    Raises:
        UsageError: When there are no records, runs are of several datasets or split protocols, or there is no such arm,
            baseline, depth or part.
    """
    metric, depths = one_metric(records), arms_by_depth(records)
    layers = _depth(depths, arm) if layers is None else layers
    arms = depths.get(layers, {})
    if arm not in arms:
        raise unknown_name(f"arm at {layers_words(layers)}", arm, arms)
    _check_baseline(depths, baseline)
    against = baseline if baseline in arms else ""
    table, scale = score_table(arms, part), factor(metric)
    table[["mean", "low", "high"]] *= scale
    table["values"] = [[scale * value for value in values] for values in table["values"]]
    lines = {name: _line(depths, name, part, scale) for name in dict.fromkeys((arm, against or arm))}
    both = any(len(line) > 1 for line in lines.values())
    figure = make_subplots(1, 1 + both, column_widths=[0.56, 0.44] if both else None, horizontal_spacing=0.27)
    chance = scale * _chance(arms, part)
    add_reference(figure, table, against, legend=not both)
    if np.isfinite(chance):
        add_rule(figure, chance, len(table), {"color": MUTED, "dash": "dot", "width": 2}, CHANCE[metric])
    add_arm_rows(figure, table, arm, metric)
    figure.update_xaxes(title=label(metric, part), range=arm_range(table, chance), row=1, col=1)
    if both:
        _add_depths(figure, lines, layers)
        figure.update_yaxes(title=label(metric, part), side="right", row=1, col=2)
    _finish(figure, arms, table, _title(arm, against, layers), room=24 if both else NUMBERS)
    if against and arm != against:
        words = f"against {slot_style(against).label}: <b>{difference_words(arms, arm, against, part)}</b>"
        figure.update_layout(title={"subtitle": {"text": words, "font": {"size": 15, "color": INK}}})
    return figure


def _depth(depths: Mapping[int, Arms], arm: str) -> int:
    having = [layers for layers, arms in depths.items() if arm in arms]
    if not having:
        raise unknown_name("arm", arm, _names(depths))
    return having[-1]


def _check_baseline(depths: Mapping[int, Arms], baseline: str) -> None:
    # That there are no runs of a slot is no mistake: records of another dataset may have some.
    if baseline not in {*_names(depths), *SLOTS}:
        raise unknown_name("baseline", baseline, _names(depths))


def _names(depths: Mapping[int, Arms]) -> list[str]:
    return list(dict.fromkeys(name for arms in depths.values() for name in arms))


def _title(arm: str, against: str, layers: int) -> str:
    where = f"at {layers_words(layers)}"
    return (
        f"What do other slots change {where}?"
        if arm == against
        else f"What does {slot_style(arm).label} change {where}?"
    )


def _line(depths: Mapping[int, Arms], arm: str, part: str, scale: float) -> pd.DataFrame:
    table = scores_by_depth(depths, arm, part)
    table[["mean", "low", "high"]] *= scale
    return table


def _chance(arms: Arms, part: str) -> float:
    records = [record for runs in arms.values() for record in runs if record.config.watched is None]
    known = [chance for record in records if np.isfinite(chance := chance_score(record, part))]
    return float(np.mean(known)) if known else np.nan


def _add_depths(figure: go.Figure, lines: Mapping[str, pd.DataFrame], layers: int) -> None:
    """Draw the chosen arm and the baseline over the depths, and where in them the rows are."""
    for arm, table in lines.items():
        add_slot_line(figure, arm, "layers", table, row=1, col=2)
    figure.add_vline(x=layers, line={"color": INK, "width": 1.5, "dash": "dot"}, row=1, col=2)
    depths = sorted({int(depth) for table in lines.values() for depth in table["layers"]})
    scale = "log" if logarithmic(depths) else "linear"
    ticks = {"tickvals": depths, "ticktext": [str(depth) for depth in depths]}
    figure.update_xaxes(title=SETTING_AXES["layers"], type=scale, **ticks, row=1, col=2)


def _finish(figure: go.Figure, arms: Arms, table: pd.DataFrame, title: str, room: int) -> None:
    """Add title and footnote; this begins below the labels of the rows, so that a narrow page does not cut it off."""
    shown = [record for runs in arms.values() for record in runs]
    notes = [f"{which_model(shown)}; {student_note(shown[0].metric)}", DIFFERENCE]
    footnote = provenance(shown, *notes)
    bottom = space_below(footnote)
    finish(figure, title, footnote, height=TOP + ROW * max(7, len(table)) + bottom, bottom=bottom)
    left = 40 + round(7.5 * max(len(slot_style(str(arm)).label) for arm in table["arm"]))
    figure.update_layout(margin={"t": TOP, "l": left, "r": room}, uirevision="chosen arm")
    figure.layout.annotations[-1].update(xshift=16 - left)
