"""Whether runs had time enough."""

from collections.abc import Callable

from cna_viz.analysis.sentences.training_findings import unfinished_findings
from cna_viz.records.record import Record

Make = Callable[..., Record]


def test_runs_whose_best_epoch_is_at_the_very_end_are_counted_by_slot(make: Make) -> None:
    ends = [make("relu", seed=seed, best_epoch=epoch, epochs=200) for seed, epoch in enumerate((190, 200, 189))]
    text = unfinished_findings([*ends, make("cna", best_epoch=3)])
    assert text.startswith("2 of 4 runs had their best validation epoch in the last 5 % of the epochs")
    assert "improve: relu (2 of 3)." in text


def test_slots_beyond_five_are_counted(make: Make) -> None:
    slots = ("relu", "cna", "none", "c", "n", "a", "cn")
    assert "and 2 more." in unfinished_findings([make(slot, best_epoch=200, epochs=200) for slot in slots])


def test_runs_that_ended_in_time(make: Make) -> None:
    assert unfinished_findings([make("relu", best_epoch=100, epochs=200)]).startswith("No run had its best")
