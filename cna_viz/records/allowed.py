"""Which folders of records may be looked into: all, except on the pages of the app, where a visitor may type one."""

import os
from pathlib import Path
from typing import Final

from cna_viz.errors import UsageError
from cna_viz.records.stored import stored_runs

ONLY_VARIABLE: Final = "CNA_VIZ_ONLY_RUNS"
"""Environment variable that, where it is set, names the only folder beside the stored runs; empty means no other."""


def check_allowed(folder: Path) -> None:
    """Check that a folder may be looked into, wherever links in it lead.

    Args:
        folder: The folder, which need not exist.

    Raises:
        UsageError: When it is not the allowed one or below it; nothing is said of what there is.
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
