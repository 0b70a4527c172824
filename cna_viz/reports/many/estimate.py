"""How long reports will take, from how long they took."""

from collections.abc import Mapping, Sequence
from statistics import mean

from cna_viz.reports.many.jobs import Job
from cna_viz.reports.summary import read_summary


def seconds_before(jobs: Sequence[Job]) -> dict[int, float]:
    """Return how long jobs took the last time, by their place in the sequence, of those that were made before."""
    found = {number: read_summary(job.place).get("seconds") for number, job in enumerate(jobs)}
    return {number: float(seconds) for number, seconds in found.items() if isinstance(seconds, int | float)}


def time_left(left: Sequence[int], known: Mapping[int, float], workers: int) -> str:
    """Return in words how long it takes to make what is left, or nothing where nothing is known.

    Args:
        left: What is left, by number.
        known: Seconds by number; what is not known is taken to take the mean.
        workers: How many are made at the same time.
    """
    if not known or not left:
        return ""
    typical = mean(known.values())
    minutes = sum(known.get(number, typical) for number in left) / min(workers, len(left)) / 60
    return f"about {minutes:.0f} min left" if minutes >= 1.5 else f"about {max(10, round(60 * minutes, -1)):.0f} s left"
