"""What is to be made when several reports are made in one go, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

WAITING: Final = "waiting"
MADE: Final = "made"
FAILED: Final = "failed"
STOPPED: Final = "stopped"


@dataclass(frozen=True)
class Job:
    """A report to make.

    Attributes:
        report: Its name.
        notebook: Its notebook.
        values: The parameters that are given, checked and of the declared types; the others keep their defaults.
        out: The folder that everything of this go is written to.
        folder: Name of the report's own folder within.
        shown: Parameters, as text, by which it differs from the others of this go.
    """

    report: str
    notebook: Path
    values: Mapping[str, object]
    out: Path
    folder: str
    shown: Mapping[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """What messages call it."""
        return ", ".join([self.report, *(f"{name} {value}" for name, value in self.shown.items())])

    @property
    def place(self) -> Path:
        """Where its page is."""
        return self.out / self.folder


@dataclass(frozen=True)
class Outcome:
    """What became of a job: ``waiting``, ``made``, ``failed`` or ``stopped``.

    Attributes:
        status: One of these words.
        message: Why it failed, or was made without its PDF.
        seconds: How long it took.
    """

    status: str = WAITING
    message: str = ""
    seconds: float = 0.0
