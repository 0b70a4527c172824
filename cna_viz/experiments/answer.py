"""What a task of a sweep answers."""

import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

from cna_viz.errors import CnaVizError


@dataclass(frozen=True)
class Answer:
    """How a task of a sweep ended.

    Attributes:
        status: ``done``; ``busy`` when another sweep trains this run; ``failed``.
        message: Why it failed.
        kind: Name of the error, where it is one of :mod:`cna_viz.errors`: one that its reader can do something about.
    """

    status: Literal["done", "busy", "failed"]
    message: str = ""
    kind: str = ""

    @classmethod
    def of(cls, error: Exception) -> Self:
        """Return the answer of a task that failed like this."""
        if isinstance(error, CnaVizError):
            return cls("failed", str(error), type(error).__name__)
        if isinstance(error, OSError) and error.filename:
            return cls("failed", f"{error.strerror or error} ({error.filename})")
        last = traceback.extract_tb(error.__traceback__)[-1]
        return cls("failed", f"{type(error).__name__}: {error} ({Path(last.filename).name}, line {last.lineno})")
