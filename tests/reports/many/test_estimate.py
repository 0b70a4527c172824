"""What is left is estimated from what it took, and nothing is said where nothing is known."""

from pathlib import Path

import pytest

from cna_viz.reports.many.estimate import seconds_before, time_left
from cna_viz.reports.many.jobs import Job


@pytest.mark.parametrize(
    ("left", "known", "workers", "words"),
    [
        ([0, 1, 2], {}, 1, ""),
        ([], {0: 60.0}, 1, ""),
        ([1, 2], {0: 60.0}, 1, "about 2 min left"),
        ([1, 2], {0: 10.0, 1: 600.0}, 1, "about 15 min left"),
        ([1, 2], {0: 60.0}, 2, "about 60 s left"),
        ([2], {0: 60.0}, 8, "about 60 s left"),
        ([2], {2: 0.5}, 1, "about 10 s left"),
    ],
)
def test_time_left(left: list[int], known: dict[int, float], workers: int, words: str) -> None:
    assert time_left(left, known, workers) == words


def test_what_was_made_before_says_how_long_it_takes(tmp_path: Path) -> None:
    for name, text in {"good": '{"seconds": 7.5}', "odd": '{"seconds": "x"}', "list": "[]", "broken": "{"}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "summary.json").write_text(text)
    jobs = [Job(name, tmp_path, {}, tmp_path, name) for name in ("never", "good", "odd", "list", "broken")]
    assert seconds_before(jobs) == {1: 7.5}
