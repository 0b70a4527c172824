"""Compare arms in one process: interleaved, so that a busy machine slows all of them, and by medians."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import mean, median

REPEATS = 20
WARM_UP = 3


@dataclass(frozen=True)
class Timing:
    """Seconds of the repeats of one arm."""

    seconds: list[float]

    @property
    def median(self) -> float:
        """The median of the repeats."""
        return median(self.seconds)

    @property
    def mean(self) -> float:
        """The mean of the repeats, which includes occasional work such as clustering."""
        return mean(self.seconds)


def compare(arms: Mapping[str, Callable[[], object]], *, repeats: int = REPEATS) -> dict[str, Timing]:
    """Run all arms in turn ``repeats`` times, after a warm-up, and return their timings."""
    seconds: dict[str, list[float]] = {name: [] for name in arms}
    for turn in range(WARM_UP + repeats):
        for name, run in arms.items():
            start = time.perf_counter()
            run()
            if turn >= WARM_UP:
                seconds[name].append(time.perf_counter() - start)
    return {name: Timing(values) for name, values in seconds.items()}
