"""Write the tables of the documentation from the code that they describe (`make docs` does it first)."""

import inspect
import json
import re
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import cna_viz
from cna_viz import figures
from cna_viz.config.measures import MEASURES
from cna_viz.errors import CnaVizError
from cna_viz.files import replace_files
from cna_viz.reports.notebooks.notebooks import list_reports

HERE: Final = Path(__file__).parent
ROOMS: Final = (
    "config",
    "data",
    "graphs",
    "nn",
    "experiments",
    "records",
    "measures",
    "analysis",
    "figures",
    "widgets",
)
"""The rooms whose names are public, in the order of the road."""
START: Final = "<!-- from here written by docs/tables.py -->\n"
END: Final = "<!-- to here -->\n"


def main() -> None:
    """Put every table into its page; the text around it stays."""
    replace_files({page: with_table(page.read_text(encoding="utf-8"), table()) for page, table in TABLES.items()})


def with_table(page: str, table: str) -> str:
    """Return the text of a page with this table between its marks.

    Raises:
        CnaVizError: The page has no marks, or more than one pair.
    """
    if page.count(START) != 1 or page.count(END) != 1:
        raise CnaVizError(f"the page beginning {page[:30]!r} needs one line {START.strip()!r} and one {END.strip()!r}")
    before, _, rest = page.partition(START)
    return f"{before}{START}\n{table}\n{END}{rest.partition(END)[2]}"


def figure_table() -> str:
    """Return a row per public figure: the question of its file, the function, what it takes and what can be chosen."""
    rows = (figure_row(getattr(figures, name)) for name in figures.__all__ if name.startswith("plot_"))
    return _table(("question", "function", "takes", "options"), rows)


def figure_row(function: Callable[..., Any]) -> tuple[str, ...]:
    """Return question, name, meaning of the first argument, and the other arguments with their defaults."""
    question = (inspect.getdoc(sys.modules[function.__module__]) or "").partition("\n")[0]
    first, *others = inspect.signature(function).parameters.values()
    takes = f"`{first.name}`: {argument(inspect.getdoc(function) or '', first.name)}"
    return question, f"`{function.__name__}`", takes, ", ".join(f"`{_option(other)}`" for other in others)


def argument(docstring: str, name: str) -> str:
    """Return what a docstring in Google's style says about an argument, as one line of Markdown.

    Raises:
        CnaVizError: It says nothing.
    """
    found = re.search(rf"^Args:\n(?:.*\n)*?    {name}: (.*(?:\n     .*)*)", docstring, re.MULTILINE)
    if found is None:
        raise CnaVizError(f"the docstring beginning {docstring[:30]!r} does not say what {name} is")
    words = re.sub(r":[a-z]+:`~?([^`]*)`", r"`\1`", found[1]).replace("``", "`")
    return " ".join(words.split())


def measure_table() -> str:
    """Return a row per measure: what it asks and how it is defined."""
    head = ("measure", "asks", "formula", "range", "scale", "source")
    rows = ((f"`{one.name}`", one.question, one.formula, one.range, one.scale, one.source) for one in MEASURES.values())
    return _table(head, rows)


def recorded_measure_table() -> str:
    """Return a row per measure: what the record holds under its name."""
    rows = ((f"`{one.name}`", one.meaning, one.range, one.degenerate) for one in MEASURES.values())
    return _table(("measure", "meaning", "range", "special values"), rows)


def surface_table() -> str:
    """Return a row per public room: what it holds and the names that can be imported from it."""
    rooms = [cna_viz, *(import_module(f"cna_viz.{name}") for name in ROOMS)]
    rows = ((f"`{room.__name__}`", _first_sentence(room), _names(room)) for room in rooms)
    return _table(("import from", "what it holds", "names"), rows)


def _first_sentence(room: ModuleType) -> str:
    first = " ".join((room.__doc__ or "").split("\n\n")[0].split())
    return re.split(r"\.(?: |$)", first)[0]


def _names(room: ModuleType) -> str:
    return ", ".join(f"`{name}`" for name in room.__all__ if name not in ROOMS or room is not cna_viz)


def report_table() -> str:
    """Return a row per report: its name and the question of its notebook."""
    return _table(("report", "question"), ((f"`{name}`", question(path)) for name, path in list_reports().items()))


def question(notebook: Path) -> str:
    """Return the title of a notebook."""
    first = "".join(json.loads(notebook.read_text(encoding="utf-8"))["cells"][0]["source"])
    return first.partition("\n")[0].removeprefix("# ")


def _option(parameter: inspect.Parameter) -> str:
    if parameter.default is parameter.empty:
        return parameter.name
    return f"{parameter.name}={parameter.default!r}".replace("'", '"')


def _table(head: tuple[str, ...], rows: Any) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


TABLES: Final[dict[Path, Callable[[], str]]] = {
    HERE / "public-names.md": surface_table,
    HERE / "figures.md": figure_table,
    HERE / "measures.md": measure_table,
    HERE / "schema.md": recorded_measure_table,
    HERE / "reports.md": report_table,
}
"""Every page with a table that is written, and what writes it."""

if __name__ == "__main__":
    main()
