"""What a report says about itself: parameters, versions, date, duration, and the command that reproduces it."""

import platform
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Final

from cna_viz.reports.notebooks.parameters import Parameter, as_text

_PACKAGES: Final = ("cna-viz", "torch", "torch-geometric", "numpy", "scikit-learn", "plotly", "papermill")


@dataclass(frozen=True)
class Provenance:
    """How a report was made, with the values of all its parameters."""

    report: str
    declared: Sequence[Parameter]
    values: Mapping[str, object]
    created: datetime
    seconds: float
    out: Path

    @property
    def changed(self) -> dict[str, object]:
        """The parameters whose value is not the default."""
        return {item.name: self.values[item.name] for item in self.declared if self.values[item.name] != item.default}

    @property
    def date(self) -> str:
        """The day, as in ``3 May 2026``."""
        return f"{self.created.day} {self.created:%B %Y}"

    @property
    def command(self) -> str:
        """The command line that reproduces this report."""
        return report_command([self.report], self.changed, self.out)

    @property
    def rows(self) -> list[dict[str, object]]:
        """The parameters, one row each, as the page shows them."""
        return [
            {
                "name": item.name,
                "value": as_text(self.values[item.name]),
                "default": as_text(item.default),
                "changed": item.name in self.changed,
                "comment": item.comment,
            }
            for item in self.declared
        ]


def report_command(words: Sequence[str], values: Mapping[str, object], out: Path) -> str:
    """Return the ``cna-viz report`` command with these words, parameters and output folder."""
    given = [word for name, value in values.items() for word in ("-p", name, as_text(value))]
    return shlex.join(["cna-viz", "report", *words, *given, "--out", str(out)])


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that determine a report's numbers and looks."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found
