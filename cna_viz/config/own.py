"""Graphs of the user's own: the folder in which they are kept, and what is known of each without reading it."""

import json
import os
import re
from pathlib import Path
from typing import Any, Final

from platformdirs import user_data_path

from cna_viz.errors import DataError, UsageError, shown, unknown_name

GRAPHS_VARIABLE: Final = "CNA_VIZ_GRAPHS"
"""Environment variable that names the folder of the user's graphs; ``--graphs`` sets it."""

PREFIX: Final = "own:"
"""Begins the name of a dataset that is a graph of the user's own."""

NAME: Final = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
"""Pattern of the name of a graph."""

_RESERVED: Final = re.compile("con|prn|aux|nul|com[0-9]|lpt[0-9]", re.IGNORECASE)
"""Names that no file can have on Windows."""


def graphs_root() -> Path:
    """Return the folder of the user's graphs: ``CNA_VIZ_GRAPHS``, else below the user's data. It need not exist yet."""
    given = os.environ.get(GRAPHS_VARIABLE)
    return Path(given).expanduser() if given else user_data_path("cna_viz") / "graphs"


def check_name(name: str) -> str:
    """Return the name of a graph, without ``own:``.

    Raises:
        UsageError: It is no name that a file can have everywhere.
    """
    plain = name.removeprefix(PREFIX)
    if not re.fullmatch(NAME, plain) or _RESERVED.fullmatch(plain.partition(".")[0]):
        raise UsageError(
            f"{shown(plain)} can't be the name of a graph: it must be 1 to 64 letters, digits, '.', '_' or '-', the "
            "first of them a letter or a digit, and none that Windows reserves"
        )
    return plain


def entry_path(name: str) -> Path:
    """Return the file with the facts of the graph of this name, which need not exist."""
    return graphs_root() / "names" / f"{check_name(name)}.json"


def own_names() -> list[str]:
    """Return the names of the user's graphs, sorted, without ``own:``."""
    found = (path.stem for path in (graphs_root() / "names").glob("*.json"))
    return sorted(name for name in found if re.fullmatch(NAME, name))


def look_up(name: str) -> dict[str, Any]:
    """Return the facts of a graph of the user's: digest, task, metric, counts, and how it was imported.

    Raises:
        UsageError: There is no graph of this name.
        DataError: Its entry is damaged.
    """
    path = entry_path(name)
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        hint = f"Looked in {graphs_root()}; `cna-viz graphs add FILE --name {check_name(name)}` imports one."
        raise unknown_name("graph of your own", check_name(name), own_names(), hint) from None
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: can't be read ({error}): remove the file and import the graph again") from None
    if not isinstance(facts, dict) or facts.get("name") != check_name(name) or not _is_digest(facts.get("digest")):
        raise DataError(
            f"{path}: is not the entry of a graph named {shown(check_name(name))}: remove the file and import it again"
        )
    return facts


def _is_digest(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value) is not None
