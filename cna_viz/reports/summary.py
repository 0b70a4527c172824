"""The summary that stands beside every page: read back, for pages that list reports."""

import json
from pathlib import Path
from typing import Any


def read_summary(folder: Path) -> dict[str, Any]:
    """Return the ``summary.json`` of the report in ``folder``; nothing where there is none that can be read."""
    try:
        found = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
