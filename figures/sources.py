"""What a picture of this folder is made from, as one number that changes when any of it does.

A picture is made by a function of ``cna_viz.figures`` and all of ``figures`` and ``analysis`` that it uses, from the
runs that a notebook asks for. Comments, docstrings and prose change nothing.
"""

import ast
import hashlib
import json
from pathlib import Path
from typing import Final

from cna_viz.config import RESULTS_VERSION
from cna_viz.config.measures import MEASURES
from cna_viz.reports.notebooks.notebooks import find_notebook

ROOT: Final = Path(__file__).resolve().parents[1]
ROOMS: Final = ("cna_viz.figures", "cna_viz.analysis")


def fingerprint(report: str, function: str) -> str:
    """Return the number of a picture.

    Args:
        report: Name of the report that shows it.
        function: Name of the function that draws it.
    """
    digest = hashlib.sha256(f"results {RESULTS_VERSION}\n".encode())
    digest.update(repr([(one.label, one.question, one.log) for one in MEASURES.values()]).encode())
    _, notebook = find_notebook(report)
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    for cell in cells:
        if cell["cell_type"] == "code":
            digest.update("".join(cell["source"]).encode())
    for path in sorted(_closure(f"cna_viz.figures.plots.{function.removeprefix('plot_')}")):
        digest.update(_code(path.read_text(encoding="utf-8")).encode())
    return digest.hexdigest()


def _closure(module: str) -> set[Path]:
    """Return the files of a module and of what it imports from the rooms that draw and compute, and so on."""
    found, waiting = set(), [module]
    while waiting:
        path = _file(waiting.pop())
        if path is None or path in found:
            continue
        found.add(path)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(ROOMS):
                waiting += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return found


def _file(module: str) -> Path | None:
    path = ROOT / f"{module.replace('.', '/')}.py"
    return path if path.is_file() else None


def _code(text: str) -> str:
    """Return the text of a module without docstrings, comments that have a line of their own, and empty lines."""
    lines = text.splitlines()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            lines[node.lineno - 1 : node.end_lineno] = [""] * (node.end_lineno - node.lineno + 1)
    return "\n".join(line for line in lines if line.strip() and not line.lstrip().startswith("#"))
