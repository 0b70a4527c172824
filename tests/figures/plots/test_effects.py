"""Effects: the numbers of the factorial, one group or several side by side; and every combination of the steps."""

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest

from cna_viz.analysis.statistics.factorial import COMPONENTS, effects
from cna_viz.analysis.statistics.intervals import confidence_interval
from cna_viz.analysis.tables.comparison import paired_table
from cna_viz.errors import UsageError
from cna_viz.figures import plot_effects, plot_interaction
from cna_viz.records.record import Record

Make = Callable[..., Record]
GAINS = {"C": -0.02, "N": 0.05, "A": 0.001}


def factorial(make: Make, seeds: int = 3, split: str = "random-60-20-20", shift: float = 0.0) -> list[Record]:
    """Return records of all eight slots in which every step adds what is its gain."""
    rng = np.random.default_rng(2)
    records = [
        make(
            slot, seed=seed, snapshots="none", accuracy=0.7 + sum(GAINS[s] for s in steps) + 0.01 * float(rng.random())
        )
        for slot, steps in COMPONENTS.items()
        for seed in range(seeds)
    ]
    return [_on(record, split, shift) for record in records]


def _on(record: Record, split: str, shift: float) -> Record:
    config = record.config.replace(data=record.config.data.replace(split=split))
    accuracy = {part: value + shift for part, value in record.summary["accuracy"].items()}
    return dataclasses.replace(record, config=config, summary={**record.summary, "accuracy": accuracy})


def test_one_group_is_the_effects_of_its_table(make: Make) -> None:
    records = factorial(make)
    found = effects(paired_table(records))
    figure = plot_effects(records)
    (means,) = (trace for trace in figure.data if trace.name == "mean")
    np.testing.assert_allclose(means.x, 100 * found["difference"])
    labels = [label.split(" (")[0].replace(" × ", "") for label in figure.layout.yaxis.ticktext]
    assert labels == list(found.index)
    assert list(figure.layout.yaxis.ticktext)[:4] == ["C (clusters)", "N (normalization)", "A (rationals)", "C × N"]
    assert figure.layout.xaxis.title.text == "change of test accuracy in points when switched on"
    assert "3 pairs of the same split and seed" in figure.layout.annotations[-1].text
    assert "95 % intervals by Student's t, for all 7 together" in figure.layout.annotations[-1].text


def test_groups_stand_side_by_side_in_looks_of_their_own(make: Make) -> None:
    records = factorial(make) + factorial(make, split="random-80-10-10", shift=0.1)
    figure = plot_effects(records)
    groups = [trace for trace in figure.data if trace.legendgroup]
    assert [trace.name for trace in groups] == ["random-60-20-20", "random-80-10-10"]
    assert groups[0].marker.color[0] != groups[1].marker.color[0]
    assert groups[0].marker.symbol[0] != groups[1].marker.symbol[0]
    np.testing.assert_allclose(groups[0].x, groups[1].x)  # what all slots gain is no effect
    assert set(groups[0].y).isdisjoint(groups[1].y)
    assert len(figure.layout.yaxis.ticktext) == 7


def test_groups_by_a_setting(make: Make) -> None:
    records = factorial(make) + [make(slot, 2, seed, snapshots="none") for slot in COMPONENTS for seed in range(3)]
    names = [trace.name for trace in plot_effects(records, ["layers"]).data if trace.legendgroup]
    assert names == ["layers 4", "layers 2"]


def test_other_slots_are_passed_over(make: Make) -> None:
    records = factorial(make)
    more = [*records, make("batchnorm", seed=0, snapshots="none")]
    assert plot_effects(more).data == plot_effects(records).data
    assert plot_interaction(more).data == plot_interaction(records).data


@pytest.mark.parametrize("plot", [plot_effects, plot_interaction])
def test_a_slot_that_is_missing_is_named(make: Make, plot: Callable[..., object]) -> None:
    records = [record for record in factorial(make) if record.config.slot != "ca"]
    with pytest.raises(UsageError, match="missing: ca"):
        plot(records)
    with pytest.raises(UsageError, match="missing: c, n, a"):
        plot([make("relu"), make("relu", seed=1)])


def test_one_pair_and_unknown_settings_are_refused(make: Make) -> None:
    with pytest.raises(UsageError, match="too few pairs"):
        plot_effects(factorial(make, seeds=1))
    with pytest.raises(UsageError, match="unknown setting 'layer'"):
        plot_effects(factorial(make), ["layer"])


def test_the_interaction_has_each_slot_where_it_belongs(make: Make) -> None:
    records = factorial(make)
    table = 100 * paired_table(records)
    figure = plot_interaction(records)
    panels = {
        step: [t for t in figure.data if t.mode == "markers" and t.xaxis == axis]
        for step, axis in zip("CNA", ("x", "x2", "x3"), strict=True)
    }
    expected = {
        "C": (["relu", "n", "a", "na"], ["c", "cn", "ca", "cna"]),
        "N": (["relu", "c", "a", "ca"], ["n", "cn", "na", "cna"]),
        "A": (["relu", "c", "n", "cn"], ["a", "ca", "na", "cna"]),
    }
    for step, (without, having) in expected.items():
        for trace, slots in zip(panels[step], (without, having), strict=True):
            np.testing.assert_allclose(trace.y, table[slots].mean())
            highs = [confidence_interval(table[slot], bounds=(0, 100)).high for slot in slots]
            np.testing.assert_allclose(trace.error_y.array, np.array(highs) - trace.y)
            assert [one[0] for one in trace.customdata] == slots
    assert list(figure.layout.xaxis.ticktext) == ["nothing", "N", "A", "N and A"]
    assert figure.layout.yaxis.title.text == "test accuracy (%)"
    assert figure.layout.yaxis2.matches == figure.layout.yaxis3.matches == "y"


def test_a_diverged_run_is_left_out_of_its_mean(make: Make) -> None:
    records = [record for record in factorial(make) if not (record.config.slot == "cna" and record.config.seed == 0)]
    records.append(make("cna", snapshots="none", status="diverged", accuracy={}))
    figure = plot_interaction(records)
    assert np.isfinite([value for trace in figure.data for value in trace.y]).all()
    with pytest.raises(UsageError, match="because a run diverged"):
        plot_effects(records)
