"""The notice for an arm without runs: the nearest arm, and how to train the missing one."""

from collections.abc import Sequence
from dataclasses import asdict

from cna_viz.analysis.sentences.training_notes import run_command
from cna_viz.analysis.tables.slot_parts import STEPS, part_words
from cna_viz.analysis.words import listed
from cna_viz.config import RunConfig
from cna_viz.config.fields import flat, run_config
from cna_viz.config.vocabulary import FACTORS
from cna_viz.errors import UsageError
from cna_viz.figures.style.labels import layers_words
from cna_viz.records.record import Record
from cna_viz.widgets.ablation_board.arm_spec import (
    FURTHER,
    ArmSpec,
    arm_runs,
    comparable_runs,
    further_settings,
    nearest_arm,
)


def arm_words(spec: ArmSpec) -> str:
    """Return an arm in words: ``clusters at random (6), not normalized, ReLU, 8 layers``."""
    parts = [part_words(spec.parts, switch) for switch in STEPS]
    if spec.clusters and spec.parts.assignment not in {"none", "labels"}:
        parts[0] += f" ({spec.clusters})"
    return ", ".join([*parts, layers_words(spec.layers)])


def missing_words(records: Sequence[Record], spec: ArmSpec, runs: str = "") -> str:
    """Return the notice for an arm without runs: the nearest arm, and the command that trains the missing one."""
    nearest = nearest_arm(records, spec)
    said = f"No run with {arm_words(spec)}. Nearest: {arm_words(nearest)}."
    try:
        first, *others = configs_of(records, spec)
    except UsageError as error:
        return f"{said} It can't be trained: {error}."
    return f"{said} To train it: {run_command(first, runs)}{_repeats(first, others)}"


def configs_of(records: Sequence[Record], spec: ArmSpec) -> list[RunConfig]:
    """Return the configs of an arm's runs, with the other settings and the seeds of the comparable runs."""
    members = comparable_runs(records, spec)
    like = flat(arm_runs(records, nearest_arm(records, spec))[0].config)
    # Settings without an effect in one run are taken from another.
    further = {name: value for record in members for name, value in further_settings(record).items()}
    values = {name: value for name, value in like.items() if name not in FACTORS} | further
    values |= {"layers": spec.layers, "clusters": spec.clusters or like["clusters"]}
    plain = (spec.parts.assignment, spec.parts.normalization) == ("none", "none")
    if plain and spec.parts.activation in {"relu", "none"}:  # these are slots, too
        values = {name: value for name, value in values.items() if name not in FURTHER}
        values["slot"] = spec.parts.activation
    else:
        values |= {"slot": "cna", **asdict(spec.parts)}
    # First the splits tied to the seed (None): --split-seed can be added to a repeated command, but not removed.
    seeds = {(record.config.data.split_seed, record.config.seed) for record in members}
    pairs = sorted(seeds, key=lambda pair: (-1 if pair[0] is None else pair[0], pair[1]))
    return [run_config({**values, "seed": seed, "split_seed": split_seed}) for split_seed, seed in pairs]


def _repeats(first: RunConfig, others: Sequence[RunConfig]) -> str:
    """Return the pairs of split seed and seed for repeating the first run's command."""
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
