"""Every example of docs/own-graphs.md runs, in the order of the page, in an empty folder."""

import re
import shlex
from pathlib import Path

import networkx as nx
import pytest

from cna_viz import graphs
from cna_viz.cli.main import main
from cna_viz.data.own.read import READERS
from tests.docs.pages import ROOT, code, tokens

PAGE = ROOT / "docs" / "own-graphs.md"


def write_tables(folder: Path) -> None:
    """Write the two tables that stand side by side on the page."""
    rows = [re.split(r" {2,}", line) for line in code(PAGE, "text")[0].splitlines()]
    for name, column in (("people", 0), ("knows", 1)):
        (folder / f"{name}.csv").write_text("".join(f"{row[column]}\n" for row in rows))


def run(block: str) -> None:
    for line in block.splitlines():
        words = shlex.split(line, comments=True)
        assert words[0] == "cna-viz"
        assert main(words[1:]) == 0, line


@pytest.mark.filterwarnings("ignore:.*writing to this tensor:UserWarning")
def test_every_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    nx.write_graphml(nx.karate_club_graph(), "karate.graphml")
    write_tables(tmp_path)
    for block in (token for token in tokens(PAGE) if token.type == "fence"):
        if block.info == "python":
            exec(block.content, {"__name__": "example"})
        elif block.info == "bash":
            run(block.content)
    added = {one.name: one for one in graphs.list()}
    assert added["miserables"].nodes == 77
    assert (added["people"].classes, added["people"].unlabelled, added["people"].features) == (2, 1, 3)
    assert not added["people-by-age"].weighted
    assert (added["molecules"].task, added["molecules"].nodes) == ("graph-classification", 39)
    assert len(added) == 10


def test_every_format_is_on_the_page() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert all(f"`{suffix}`" in text for suffix in READERS)
