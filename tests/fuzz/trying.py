"""Try a property on generated cases."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.fuzz.command_line import desk
from tests.fuzz.damage import write_untouched
from tests.fuzz.properties import Property

HANGS: Final = 120
"""Seconds after which a case of ``make faults`` hangs."""
EVERYDAY: Final = settings(
    max_examples=25,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
)


def try_everyday(one: Property, folder: Path) -> None:
    """Try a property on the same few cases every time; fails with a shrunk case where it does not hold."""

    @EVERYDAY
    @given(one.cases)
    def holds(case: Any) -> None:
        one.holds(folder, case)

    with _laid(folder):
        holds()


def try_many(one: Property, folder: Path, number: int, cases: int) -> tuple[int, list[str]]:
    """Try a property on many cases and return how many there were, and a sentence for each that went wrong.

    Args:
        one: The property.
        folder: Folder to write to.
        number: Seed of the cases.
        cases: How many.
    """
    tried, wrong = 0, []

    @seed(number)
    @settings(EVERYDAY, max_examples=cases, derandomize=False, phases=[Phase.generate])
    @given(one.cases)
    def holds(case: Any) -> None:
        nonlocal tried
        tried += 1
        try:
            with _at_most(HANGS):
                one.holds(folder, case)
        except Exception as error:  # whatever it is, it is what is looked for
            shown = repr(case)
            shown = shown if len(shown) <= 600 else f"{shown[:600]}..."
            wrong.append(f"seed {number}, case {tried}: {type(error).__name__}: {str(error)[:200]}; {shown}")

    with _laid(folder):
        holds()
    return tried, wrong


@contextmanager
def _laid(folder: Path) -> Iterator[None]:
    """Work in the folder, with a record in ``runs``."""
    write_untouched(folder / "runs")
    with desk(folder):
        yield


@contextmanager
def _at_most(seconds: int) -> Iterator[None]:
    def hangs(*signal_and_frame: object) -> None:
        raise TimeoutError(f"not done after {seconds} s")

    before = signal.signal(signal.SIGALRM, hangs)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
