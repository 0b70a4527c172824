"""What is said where no run has what the switches say: the nearest that there is, and how to train it."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

from cna_viz.analysis.sentences.training_notes import run_command
from cna_viz.analysis.tables.slot_parts import STEPS, part_words
from cna_viz.analysis.words import listed
from cna_viz.config import RunConfig
from cna_viz.config.fields import flat, run_config
from cna_viz.config.vocabulary import FACTORS
from cna_viz.errors import UsageError
from cna_viz.figures.style.labels import layers_words
from cna_viz.records.record import Record
from cna_viz.widgets.ablation_board.look import Look, at_hand, nearest_look, shown
from cna_viz.widgets.ablation_board.setups import FURTHER, further_settings

PLAIN: Final = {"relu": "relu", "none": "none"}
"""Slots that only activate, by what they activate with."""


def arm_words(look: Look) -> str:
    """Return an arm in words: ``clusters at random (6), not normalized, ReLU, 8 layers``."""
    parts = [part_words(look.parts, switch) for switch in STEPS]
    if look.clusters and look.parts.assignment not in {"none", "labels"}:
        parts[0] += f" ({look.clusters})"
    return ", ".join([*parts, layers_words(look.layers)])


def missing_words(records: Sequence[Record], look: Look, runs: str = "") -> str:
    """Say that no run has what the look says, what the nearest is, and which command trains it.

    Args:
        records: All runs of the board.
        look: A look without runs.
        runs: Folder in which they are, as commands name it; that of the command when left out.
    """
    nearest = nearest_look(records, look)
    said = f"No run with {arm_words(look)}. Nearest: {arm_words(nearest)}."
    try:
        first, *others = configs_of(records, look)
    except UsageError as error:
        return f"{said} It can't be trained: {error}."
    return f"{said} To train it: {run_command(first, runs)}{_repeats(first, others)}"


def configs_of(records: Sequence[Record], look: Look) -> list[RunConfig]:
    """Return the runs that the look asks for: everything else, and the pairs of seeds, as in the runs at hand.

    Args:
        records: All runs of the board.
        look: The look.

    Raises:
        UsageError: When no slot is set so.
    """
    members = at_hand(records, look)
    like = flat(shown(records, nearest_look(records, look))[0].config)
    # What has no effect in one run is taken from another, where it has one.
    further = {name: value for record in members for name, value in further_settings(record).items()}
    values = {name: value for name, value in like.items() if name not in FACTORS} | further
    values |= {"layers": look.layers, "clusters": look.clusters or like["clusters"]}
    plain = (look.parts.assignment, look.parts.normalization) == ("none", "none")
    if plain and look.parts.activation in PLAIN:
        values = {name: value for name, value in values.items() if name not in FURTHER}
        values["slot"] = PLAIN[look.parts.activation]
    else:
        values |= {"slot": "cna", **asdict(look.parts)}
    pairs = sorted({(record.config.data.split_seed, record.config.seed) for record in members}, key=_by_number)
    return [run_config({**values, "seed": seed, "split_seed": split_seed}) for split_seed, seed in pairs]


def _by_number(pair: tuple[int | None, int]) -> tuple[int, int]:
    # Splits that go with the seed come first: a command without --split-seed can be repeated with it, not otherwise.
    split_seed, seed = pair
    return (-1 if split_seed is None else split_seed), seed


def _repeats(first: RunConfig, others: Sequence[RunConfig]) -> str:
    """Say with which pairs of split seed and seed the command of the first run is repeated; nothing without others."""
    if not others:
        return ""
    seeds: dict[int | None, list[str]] = {}
    for config in others:
        seeds.setdefault(config.data.split_seed, []).append(str(config.seed))
    own = first.data.split_seed
    said = [
        f"with {'' if split_seed == own else f'--split-seed {split_seed} and '}--seed {listed(group)}"
        for split_seed, group in seeds.items()
    ]
    return f"; the same {'; '.join(said)}"
