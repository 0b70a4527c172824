"""``cna-viz claims``: the settings of the ledger's runs beside those of the released configs."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from cna_viz.cli.parser import Parser
from cna_viz.cli.printing import table

EXAMPLES = (
    "cna-viz claims settings",
    "cna-viz claims settings mine.yaml",
    "cna-viz report claims -p only cora-gcn-cna --data path/to/data      # train and judge",
)
HEADER = ("claim", "arm", "config", "setting", "file", "here", "explained")


def main(words: Sequence[str]) -> int:
    """Run the command; returns the exit code, 1 where a setting differs without an explanation."""
    description = "Compare the settings of the ledger's runs with those of the released configs that they name."
    parser = Parser("claims", description, EXAMPLES)
    parser.add_argument("action", choices=("settings",), help="what to print")
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help="your claims (default: this library's)")
    parser.add_json()
    namespace = parser.parse(words)
    from cna_viz.analysis import claims

    compared = claims.compare_settings(claims.read_claims(namespace.file))
    left = claims.unexplained(compared)
    if namespace.json:
        print(json.dumps({"settings": [asdict(one) for one in compared], "unexplained": len(left)}))
    else:
        print(table(HEADER, [tuple(str(getattr(one, name)) for name in HEADER) for one in compared]))
        print(claims.unexplained_sentence(compared))
    return 1 if left else 0
