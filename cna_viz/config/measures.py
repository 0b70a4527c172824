"""The measures: one table, ``measures.toml``, for options, axes, the record, ``describe`` and the documentation."""

import textwrap
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final, Literal


@dataclass(frozen=True)
class Measure:
    """A row of ``measures.toml``, which explains the fields."""

    name: str
    kind: Literal["feature", "training", "cluster"]
    label: str
    question: str
    meaning: str
    formula: str
    source: str
    range: str
    scale: str
    degenerate: str
    trust: str
    criticism: str
    cost: str
    log: bool = False
    default: bool = False

    def text(self) -> str:
        """Return what ``describe`` prints, in lines of at most 100 characters."""
        lines = [self.name]
        for field in fields(self)[2:-2]:
            start, rest = f"  {field.name:<11} ", " " * 14
            lines += textwrap.wrap(getattr(self, field.name), 100, initial_indent=start, subsequent_indent=rest)
        return "\n".join(lines)


def _read() -> dict[str, Measure]:
    rows = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
    notes = rows.pop("notes")

    def filled(row: dict[str, Any]) -> dict[str, Any]:
        return {key: value.format_map(notes) if isinstance(value, str) else value for key, value in row.items()}

    return {name: Measure(name, **filled(row)) for name, row in rows.items()}


MEASURES: Final[dict[str, Measure]] = _read()
"""Every measure by name, in the order in which they are listed everywhere."""
