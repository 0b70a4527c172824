"""Every command in the documents is one that the command line takes: it is parsed and checked, and nothing is run."""

import importlib
import re
import shlex
from argparse import Namespace
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from cna_viz.cli.grids import read_grid
from cna_viz.cli.main import COMMANDS
from cna_viz.cli.parser import Parser, read_config
from cna_viz.cli.runs import ACTIONS
from cna_viz.errors import UsageError, unknown_name
from cna_viz.reports.notebooks.notebooks import find_notebook
from cna_viz.reports.notebooks.parameters import convert, read_parameters
from tests.docs.pages import GUIDES, code, inline_code, name

SHELL = ("", "bash", "sh", "console", "shell")
"""Languages of blocks that hold commands."""
Check = Callable[[str], None]


class Parsed(BaseException):
    """The command has parsed its words; raised in the place of doing what they say."""


def commands(page: Path) -> list[str]:
    """Return what follows `cna-viz` in every command of a page."""
    blocks = "\n".join(block for language in SHELL for block in code(page, language))
    lines = [line.strip() for line in blocks.replace("\\\n", " ").splitlines()]
    found = [part.strip() for line in lines + inline_code(page) for part in re.split(r" (?:&&|&|\|) |;", line)]
    return [part.removeprefix("cna-viz ") for part in found if part.startswith("cna-viz ")]


def words_of(command: str) -> list[str]:
    """Return the words of a command; of several to choose from the first, of a shell's variable a number."""
    words = shlex.split(re.sub(r"\$\{\w+\}", "1", command), comments=True)
    return [word.partition("|")[0] for word in words if word not in {"...", "…"}]


def check_run(namespace: Namespace) -> None:
    """Check the settings; a graph of the reader's own is not here, nor is a split."""
    vars(namespace).pop("split_file", None)
    if getattr(namespace, "dataset", "").startswith("own:"):
        namespace.dataset = "karate"
    read_config(namespace)


def check_report(namespace: Namespace) -> None:
    if namespace.name in {None, "NAME"}:
        return
    report, notebook = find_notebook(namespace.name)
    given = {parameter: ",".join(values) for parameter, *values in namespace.parameters}
    convert(read_parameters(notebook), given, report)


def check_grid(namespace: Namespace) -> None:
    """Check a grid of the library; a file of the reader's (or GRID) is not there to be read."""
    if namespace.grid is not None and not namespace.grid.endswith(".yaml") and not namespace.grid.isupper():
        read_grid(namespace).configs()


def check_runs(namespace: Namespace) -> None:
    if namespace.action not in ACTIONS:
        raise unknown_name("action", namespace.action, ACTIONS)


def check_nothing(namespace: Namespace) -> None:
    """Say that its options are all there is to it."""


MEANING: dict[str, Callable[[Namespace], None]] = {
    "run": check_run,
    "report": check_report,
    "sweep": check_grid,
    "tune": check_grid,
    "compare": check_grid,
    "runs": check_runs,
    "claims": check_nothing,
    "datasets": check_nothing,
    "graphs": check_nothing,
    "demo": check_nothing,
}


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Check:
    """Return what raises where a command would be refused."""
    parsed: list[Namespace] = []
    parse = Parser.parse

    def stop(parser: Parser, words: Sequence[str]) -> Namespace:
        parsed.append(parse(parser, words))
        raise Parsed

    monkeypatch.setattr(Parser, "parse", stop)

    def check(command: str) -> None:
        words = words_of(command)
        if words[0] in {"--version", "--help", "COMMAND"}:
            return
        if words[0] not in COMMANDS:
            raise unknown_name("command", words[0], COMMANDS)
        with suppress(SystemExit, Parsed):  # the first after --help; what is wrong is a UsageError
            importlib.import_module(f"cna_viz.cli.{words[0]}").main(words[1:])
        if parsed:
            MEANING[words[0]](parsed.pop())

    return check


@pytest.mark.parametrize("page", GUIDES, ids=name)
def test_commands_are_accepted(page: Path, check: Check) -> None:
    refused = {}
    for command in commands(page):
        try:
            check(command)
        except UsageError as error:
            refused[command] = str(error)
    assert refused == {}


def test_commands_are_found_in_blocks_tables_and_sentences(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "`cna-viz runs list`\n\n| a |\n|---|\n| `cna-viz run --seed 1`, then `cna-viz datasets` |\n\n"
        "```bash\ncna-viz sweep depth \\\n  --shard ${ID}/3  # one of them\n```\n\n"
        "    cna-viz runs export ID ... --to csv|netcdf\n"
    )
    assert sorted(map(words_of, commands(page))) == [
        ["datasets"],
        ["run", "--seed", "1"],
        ["runs", "export", "ID", "--to", "csv"],
        ["runs", "list"],
        ["sweep", "depth", "--shard", "1/3"],
    ]


@pytest.mark.parametrize(
    "command",
    [
        "runn",
        "run --layer 3",
        "run --layers 0",
        "run --slot cnaa",
        "report oversmooting",
        "report oversmoothing -p depth 3",
        "report oversmoothing -p depths many",
        "sweep ablations",
        "sweep ablation --set slots=cna",
        "tune ablation --trails 3",
        "runs lst",
        "datasets cora --all-of-them",
    ],
)
def test_what_the_command_line_refuses_is_refused_here(command: str, check: Check) -> None:
    with pytest.raises(UsageError):
        check(command)


def test_every_command_is_in_the_documents_and_checked_here() -> None:
    said = {words_of(command)[0] for page in GUIDES for command in commands(page)}
    assert set(COMMANDS) <= said
    assert set(MEANING) == set(COMMANDS)
