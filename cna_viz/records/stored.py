"""The records that come with the package, and the folders that pages of the app may read."""

import os
from pathlib import Path
from typing import Final

from cna_viz.errors import UsageError

ONLY_VARIABLE: Final = "CNA_VIZ_ONLY_RUNS"
"""If this environment variable is set, only the stored runs and the folder it names may be read; empty: only those."""


def stored_runs() -> Path:
    """Return the folder of the records that come with the package, the runs of the grid ``lesson``.

    >>> records.select(runs=records.stored_runs(), slot="cna")
    """
    return Path(__file__).resolve().parents[1] / "stored"


def check_allowed(folder: Path) -> None:
    """Check that a folder may be read, following its links; it need not exist.

    Raises:
        UsageError: If it is neither an allowed folder nor below one; reveals nothing about its content.
    """
    named = os.environ.get(ONLY_VARIABLE)
    if named is None:
        return
    allowed = [stored_runs(), *([Path(named)] if named else [])]
    if not any(folder.resolve().is_relative_to(one.resolve()) for one in allowed):
        raise UsageError(
            f"{folder}: this page shows {f'the runs in {named}' if named else 'the runs of the package'} only; "
            "`cna-viz demo --runs FOLDER` shows another folder"
        )
