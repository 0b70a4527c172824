"""``cna-viz report``: parameters are refused before anything runs; one real report, made twice."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest

from cna_viz.records.listing import list_runs
from cna_viz.reports.notebooks.notebooks import list_reports
from cna_viz.reports.notebooks.parameters import read_parameters

Call = Callable[..., Any]
NAME = "oversmoothing"


@pytest.fixture
def no_report(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no notebook run."""

    def fail(*arguments: object, **options: object) -> None:
        raise AssertionError("ran")

    monkeypatch.setattr("cna_viz.reports.report.execute", fail)


@pytest.mark.usefixtures("no_report")
@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("report oversmothing", "unknown report 'oversmothing'; choices, nearest first: oversmoothing"),
        ("report", "report needs a NAME: "),
        ("report oversmoothing -p depths 2 -p depths 3", "parameter 'depths' is given twice"),
        ("report oversmoothing -p runs a --runs b", "parameter 'runs' is given twice"),
        ("report oversmoothing -p data a --data b", "parameter 'data' is given twice"),
        ("report oversmoothing -p depths", "-p depths needs a value, for instance -p depths 8"),
        ("report oversmoothing -p", "argument -p: expected at least one argument"),
        (
            "report oversmoothing -p depht 2",
            "unknown parameter of report 'oversmoothing' 'depht'; choices, nearest first: depths, ",
        ),
        ("report oversmoothing -p epochs many", "parameter epochs = 'many' is not of type int; an example: 40"),
        ("report oversmoothing -p depths 2,x", "parameter depths = '2,x' is not of type list[int]; an example: 2,4"),
        ("report oversmoothing -p depths 0", "parameter depths: layers = 0 is out of range: it must be at least 1"),
        ("report oversmoothing -p seeds 0,-1", "parameter seeds: seed = -1 is out of range: it must be at least 0"),
        (
            "report oversmoothing -p slots relu,cnna",
            "parameter slots: unknown slot 'cnna'; choices, nearest first: cna",
        ),
        ("report oversmoothing -p dataset karete", "unknown dataset 'karete'; choices, nearest first: karate"),
        ("report oversmoothing -p dataset karate -p split public", "unknown split protocol 'public'"),
    ],
)
def test_what_means_nothing_is_refused(call: Call, tmp_path: Path, words: str, message: str) -> None:
    answer = call(*words.split())
    assert answer.code == 2
    assert answer.complaint.startswith(message)
    assert not (tmp_path / "reports").exists()


@pytest.mark.usefixtures("no_report")
def test_parameters_are_listed_with_type_default_and_meaning(call: Call) -> None:
    answer = call("report", NAME, "--parameters")
    assert (answer.code, answer.err) == (0, "")
    header, *lines = answer.out.splitlines()
    assert header.split() == ["parameter", "type", "default", "meaning"]
    declared = read_parameters(list_reports()[NAME])
    assert len(lines) == len(declared) > 5
    for line, parameter in zip(lines, declared, strict=True):
        assert re.split(r" {2,}", line)[:2] == [parameter.name, parameter.annotation]
        assert line.endswith(f"  {parameter.comment}")
    assert re.search(r"^depths +list\[int\] +2,4,8,16,32 +\w", answer.out, re.MULTILINE)


@pytest.mark.usefixtures("no_report")
def test_the_parameters_of_an_unknown_report_are_refused(call: Call) -> None:
    answer = call("report", "nothing", "--parameters")
    assert answer.code == 2
    assert answer.complaint.startswith("unknown report 'nothing'")


def test_help_names_the_reports(call: Call) -> None:
    assert all(name in call("report", "--help").out for name in list_reports())


def test_a_place_that_cant_be_written_to_is_refused_before_anything_runs(
    call: Call, tmp_path: Path, no_report: None
) -> None:
    (tmp_path / "file").touch()
    answer = call("report", NAME, "--out", "file")
    assert answer.code == 2
    assert answer.complaint.startswith("can't write to file/oversmoothing: ")


def test_values_of_a_list_may_stand_apart(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, object] = {}

    def fake(name: str, parameters: dict[str, object], *arguments: object, **options: object) -> None:
        given.update(parameters)
        raise KeyboardInterrupt

    monkeypatch.setattr("cna_viz.cli.report.make_report", fake)
    call("report", NAME, "-p", "depths", "2", "4", "-p", "slots", "relu,cna", "--data", "root", "--runs", "there")
    assert given == {"depths": "2,4", "slots": "relu,cna", "data": "root", "runs": "there"}


@dataclass
class Made:
    """A report that was made twice, with the changes of its records in between."""

    first: Any
    second: Any
    folder: Path
    before: dict[str, int]
    after: dict[str, int]

    @property
    def page(self) -> str:
        return (self.folder / "out" / NAME / "index.html").read_text(encoding="utf-8")


def changes(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*") if path.parent.name != ".locks"}


@pytest.fixture(scope="module")
def made(call: Call, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Make a small report of real runs, and make it again."""
    folder = tmp_path_factory.mktemp("report")
    small = {"dataset": "karate", "depths": "2,3", "seeds": "0,1", "epochs": 2, "hidden": 4, "clusters": 2}
    words = [word for name, value in small.items() for word in ("-p", name, value)]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("CNA_VIZ_CACHE", str(folder / "cache"))
        first = call("report", NAME, *words, "--runs", "records", "--out", "out")
        before = changes(folder / "records")
        second = call("report", NAME, *words, "--runs", "records", "--out", "out", "--json")
    return Made(first, second, folder, before, changes(folder / "records"))


@pytest.mark.subprocess
def test_the_page_is_where_stdout_says(made: Made) -> None:
    assert made.first.code == 0, made.first.err
    assert made.first.out == f"out/{NAME}/index.html\n"
    assert sorted(path.name for path in (made.folder / "out" / NAME).iterdir()) == [
        "index.html",
        "report.ipynb",
        "summary.json",
    ]


def test_one_run_per_depth_slot_and_seed(made: Made) -> None:
    records = [listed.record for listed in list_runs(made.folder / "records")]
    assert len(records) == 2 * 3 * 2
    found = {(record.layers, record.config.model.slot, record.config.seed) for record in records if record}
    assert found == {(depth, slot, seed) for depth in (2, 3) for slot in ("none", "relu", "cna") for seed in (0, 1)}


def test_progress_is_told_cell_by_cell_on_stderr(made: Made) -> None:
    cells = re.findall(r"^cell (\d+) of (\d+): \S", made.first.err, re.MULTILINE)
    total = len(cells)
    assert cells == [(str(number), str(total)) for number in range(1, total + 1)]
    assert "layer-epochs" in made.first.err


def test_the_second_time_nothing_is_trained(made: Made) -> None:
    assert made.second.code == 0
    assert "layer-epochs" not in made.second.err
    assert made.before == made.after
    assert made.before


def test_json_is_one_object(made: Made) -> None:
    assert made.second.out.count("\n") == 1
    result = json.loads(made.second.out)
    assert set(result) == {"name", "index", "notebook", "seconds"}
    assert result["name"] == NAME
    for key in ("index", "notebook"):
        assert (made.folder / result[key]).is_file()


def test_the_page_has_every_figure_and_none_is_empty(made: Made) -> None:
    cells = nbformat.read(list_reports()[NAME], as_version=4).cells
    drawing = [cell for cell in cells if cell.cell_type == "code" and cell.source.lstrip().startswith("figures.plot_")]
    found = re.findall(r'<script type="application/json" id="figure-\d+-data">(.*?)</script>', made.page, re.DOTALL)
    assert len(found) == len(drawing) > 5
    for text in found:
        figure = json.loads(text)
        assert figure["layout"]["title"]["text"]
        assert figure["data"]
        for trace in figure["data"]:
            values = trace["z"] if trace["type"] == "heatmap" else trace["y"]
            assert values["bdata"] if isinstance(values, dict) else values


def test_the_page_opens_offline(made: Made) -> None:
    assert not re.findall(r"<(?:script|img|iframe|link)[^>]*(?:src|href)=[\"']?https?:", made.page)
    assert made.page.count("plotly.js v") == 1


def test_the_summary_says_how_to_make_it_again(made: Made) -> None:
    summary = json.loads((made.folder / "out" / NAME / "summary.json").read_text(encoding="utf-8"))
    assert summary["parameters"]["depths"] == [2, 3]
    assert summary["parameters"]["runs"] == "records"
    assert set(summary["changed"]) == {"dataset", "depths", "seeds", "epochs", "hidden", "clusters", "runs"}
    for word in ("-p dataset karate", "-p depths 2,3", "-p seeds 0,1", "--out out"):
        assert word in summary["command"]


def test_no_sentence_of_the_page_computes_nan(made: Made) -> None:
    prose = re.sub(r"<script.*?</script>|<style.*?</style>|<[^>]+>", " ", made.page, flags=re.DOTALL)
    assert not re.findall(r"\bnan\b", prose)
