"""The facts that the small JSON files of a record state, and what each of them may be."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from cna_viz.config import vocabulary
from cna_viz.errors import RecordError, shown
from cna_viz.records.schema import STATUSES, is_count, is_measured

Allowed = tuple[Callable[[Any], bool], str]
"""Whether a value is allowed, and the words for those that are."""


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_status(value: object) -> bool:
    return isinstance(value, str) and value in STATUSES


def _is_text_by_name(value: object) -> bool:
    return isinstance(value, dict) and all(map(_is_text, value.values()))


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _has_parts(value: object, allowed: Callable[[Any], bool]) -> bool:
    return isinstance(value, dict) and value.keys() <= set(vocabulary.SPLITS) and all(map(allowed, value.values()))


_SPLITS: Final = ", ".join(vocabulary.SPLITS)
_COUNT: Final[Allowed] = (is_count, "an integer of at least 0")
_COUNT_OR_NULL: Final[Allowed] = (lambda value: value is None or is_count(value), "an integer of at least 0, or null")
_MEASURED: Final[Allowed] = (is_measured, "a finite number, or null")
_TEXT: Final[Allowed] = (_is_text, "a text")
_SCORES: Final[Allowed] = (
    lambda value: _has_parts(value, is_measured),
    f"a finite number or null for any of {_SPLITS}",
)

ENVIRONMENT: Final[Mapping[str, Allowed]] = {
    "schema_version": _COUNT,
    "results_version": _COUNT,
    "versions": (_is_text_by_name, "a text per package"),
    "commit": (lambda value: value is None or _is_text(value), "a text, or null"),
    "platform": _TEXT,
    "device": _TEXT,
    "threads": _COUNT,
    "started": _TEXT,
}
SUMMARY: Final[Mapping[str, Allowed]] = {
    "status": (_is_status, f"one of {', '.join(STATUSES)}"),
    "best_epoch": _COUNT,
    "epochs": _COUNT,
    "warnings": (_is_texts, "a list of sentences"),
    "parameters": _COUNT_OR_NULL,
    "seconds_per_epoch": _MEASURED,
    "peak_memory_mib": _MEASURED,
    "split_seed": _COUNT,
    "split_sizes": (lambda value: _has_parts(value, is_count), f"an integer of at least 0 for any of {_SPLITS}"),
    **dict.fromkeys(vocabulary.SCORES, _SCORES),
}
SELECTED: Final[Mapping[str, Allowed]] = {"epoch": _COUNT}
TIMING: Final[Mapping[str, Allowed]] = {"epoch": _COUNT, "seconds": _MEASURED}

SEALED: Final = ("status", "best_epoch", "epochs", "warnings")
"""What the summary of every sealed record states."""


def check_facts(
    stated: Mapping[str, Any], facts: Mapping[str, Allowed], where: str, required: Collection[str] = ()
) -> None:
    """Check what a file states; facts that the schema does not know are left alone, because no reader uses them.

    Args:
        stated: The decoded object.
        facts: What each fact may be.
        where: The file, for the message.
        required: Facts that must be there.

    Raises:
        RecordError: Naming the file, the fact, its value and what is allowed.
    """
    for name, (allowed, words) in facts.items():
        if name in stated:
            if not allowed(stated[name]):
                raise RecordError(f"{where}: {name!r} is {shown(stated[name])}, it must be {words}")
        elif name in required:
            raise RecordError(f"{where}: {name!r} is missing")
