"""What a report says about itself: parameters, versions, date, duration, and the command that makes it again."""

import platform
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Final

from cna_viz.reports.notebooks import types
from cna_viz.reports.notebooks.parameters import Parameter

_PACKAGES: Final = ("cna-viz", "torch", "torch-geometric", "numpy", "scikit-learn", "plotly", "papermill")


@dataclass(frozen=True)
class Provenance:
    """How a report was made. ``values`` are all parameters, ``changed`` those that are not the notebook's defaults."""

    report: str
    declared: Sequence[Parameter]
    values: Mapping[str, object]
    created: datetime
    seconds: float
    out: Path

    @property
    def changed(self) -> dict[str, object]:
        """The parameters whose value is not the default."""
        defaults = {parameter.name: parameter.default for parameter in self.declared}
        return {name: value for name, value in self.values.items() if value != defaults[name]}

    @property
    def date(self) -> str:
        """The day, as one writes it."""
        return f"{self.created.day} {self.created:%B %Y}"

    @property
    def command(self) -> str:
        """The command line that makes this report again."""
        given = [word for name, value in self.changed.items() for word in ("-p", name, types.as_text(value))]
        return shlex.join(["cna-viz", "report", self.report, *given, "--out", str(self.out)])

    @property
    def rows(self) -> list[dict[str, object]]:
        """The parameters, one row each, as the page shows them."""
        return [
            {
                "name": parameter.name,
                "value": types.as_text(self.values[parameter.name]),
                "default": types.as_text(parameter.default),
                "changed": parameter.name in self.changed,
                "comment": parameter.comment,
            }
            for parameter in self.declared
        ]


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that decide a report's numbers and looks."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found
