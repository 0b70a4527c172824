"""Errors with messages for users: what was wrong, the value, what is allowed, what to do.

The command line prints a :class:`CnaVizError` as one line; any other exception is a bug and keeps its traceback.
"""

from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import Final

_SHOWN: Final = 80
"""Maximum number of characters of a value in a message."""


class CnaVizError(Exception):
    """Base of all errors that a user can cause or meet. ``exit_code`` 1: the work failed."""

    exit_code = 1


class UsageError(CnaVizError):
    """The request is not possible: a wrong name, type or range. ``exit_code`` 2."""

    exit_code = 2


class NotFiniteError(UsageError):
    """A number is NaN or infinite and must be finite."""


class DataError(CnaVizError):
    """A dataset is not on disk, can't be fetched, or its files are invalid."""


class RecordError(CnaVizError):
    """A record is missing, unfinished, truncated or altered."""


class ReportError(CnaVizError):
    """A notebook failed during a report; the partial notebook is kept."""


def nearest_first(value: str, choices: Iterable[str]) -> list[str]:
    """Return ``choices`` ordered by similarity to ``value``, the likeliest correction first."""

    def similarity(choice: str) -> float:
        return SequenceMatcher(None, value[:_SHOWN].lower(), choice.lower()).ratio()

    return sorted(choices, key=lambda choice: (-similarity(choice), choice))


def shown(value: object) -> str:
    """Return the repr of a value for a message, shortened if it is long."""
    try:
        text = repr(value)
    except ValueError:  # Python refuses to write out integers of thousands of digits
        return "an enormous integer"
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


def plainly(value: object) -> str:
    """Return typed text for a message: short words without quotes, anything else as :func:`shown`."""
    return value if isinstance(value, str) and len(value) <= _SHOWN and value.isprintable() else shown(value)


def unknown_name(kind: str, value: str, choices: Iterable[str], note: str = "") -> UsageError:
    """Return the error for an unknown name of a ``kind`` such as ``"dataset"``; ``note`` is a sentence to add."""
    listed = ", ".join(map(plainly, nearest_first(value, choices))) or "none"
    return UsageError(" ".join(f"unknown {kind} {shown(value)}; choices, nearest first: {listed}. {note}".split()))
