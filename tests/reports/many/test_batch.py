"""A batch: every set of parameters is checked before the first report is made, and each has a folder of its own."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from cna_viz.errors import UsageError
from cna_viz.reports.many.batch import LONGEST, batch, folder_names
from cna_viz.reports.many.gallery import gallery
from cna_viz.reports.many.workers import MADE
from cna_viz.reports.report import make_report

Write = Callable[..., Path]


@pytest.fixture
def grid(tmp_path: Path) -> Callable[[str], Path]:
    def grid(text: str) -> Path:
        path = tmp_path / "sets.yaml"
        path.write_text(text)
        return path

    return grid


Grid = Callable[[str], Path]


def test_axes_are_combined_and_every_set_has_its_folder(
    write: Write, notebooks: Path, tmp_path: Path, grid: Grid
) -> None:
    write("01_one")
    text = "fixed: {dataset: karate}\naxes: {depths: [[2, 4], [8]], lr: [0.1, 1]}"
    many = batch("01_one", grid(text), {"title": "a/b"}, tmp_path / "out", notebooks=notebooks)
    assert [job.folder for job in many.jobs] == [
        "depths-2-4_lr-0.1",
        "depths-2-4_lr-1.0",
        "depths-8_lr-0.1",
        "depths-8_lr-1.0",
    ]
    assert many.jobs[0].values == {"dataset": "karate", "depths": [2, 4], "lr": 0.1, "title": "a/b"}
    assert many.jobs[1].shown == {"depths": "2,4", "lr": "1.0"}
    assert many.jobs[1].label == "one, depths 2,4, lr 1.0"
    assert many.listing.index == tmp_path / "out" / "one" / "index.html"


def test_a_list_of_sets_is_taken_as_it_stands(write: Write, notebooks: Path, tmp_path: Path, grid: Grid) -> None:
    write("01_one")
    many = batch("one", grid("- {depths: [2]}\n- {dataset: karate, title: null}\n"), {}, tmp_path, notebooks=notebooks)
    assert [dict(job.values) for job in many.jobs] == [{"depths": [2]}, {"dataset": "karate", "title": None}]
    assert [job.folder for job in many.jobs] == ["dataset-digits_depths-2", "dataset-karate_depths-2-4-8"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "{file}: no sets of parameters"),
        ("", "{file}: a batch is a list of sets of parameters, or has the keys fixed and axes"),
        ("[1, 2]", "{file}: a batch is a list of sets of parameters"),
        ("- [", "{file}, line "),
        ("axis: {lr: [1]}", "unknown key of {file} 'axis'; choices, nearest first: axes, fixed"),
        ("axes: [lr]", "{file}: axes needs parameters with their values"),
        ("axes: {lr: 1}", "{file}: axis lr needs a list of values"),
        ("axes: {lr: []}", "{file}: axis lr needs a list of values"),
        ("{fixed: {lr: 1}, axes: {lr: [1, 2]}}", "{file}: lr is both fixed and an axis"),
        ("- {lr: 1}\n- {lt: 1}", "{file}: set 2: unknown parameter of report 'one' 'lt'; choices, nearest first: lr, "),
        ("- {lr: 1}\n- {lr: fast}", "{file}: set 2: parameter lr = 'fast' is not of type float"),
        ("- {depths: 2}", "{file}: set 1: parameter depths = 2 is not of type list[int]; an example: 2,4,8"),
        ("- {dataset: 2020-01-01}", "{file}: set 1: parameter dataset = datetime.date(2020, 1, 1) is not of type str"),
        ("- {depths: [0]}", "{file}: set 1: parameter depths: layers = 0 is out of range"),
        ("- {lr: 1}\n- {dataset: karate}\n- {lr: 1.0}", "{file}: sets 1 and 3 are the same report"),
        ("- {}\n- {lr: 0.01}", "{file}: sets 1 and 2 are the same report"),
        ("- {title: x}", "{file}: set 1: parameter 'title' is given twice"),
        ("\n".join(f"- {{lr: {1 + number}}}" for number in range(1001)), "{file}: 1001 sets are too many for a batch"),
        (f"axes: {{lr: [{'1, ' * 40}], depths: [{'[1], ' * 40}]}}", "{file}: 1600 combinations are too many"),
    ],
)
def test_what_makes_no_batch_is_refused_before_anything_runs(
    write: Write, notebooks: Path, tmp_path: Path, grid: Grid, text: str, message: str
) -> None:
    write("01_one")
    file = grid(text)
    with pytest.raises(UsageError) as refused:
        batch("one", file, {"title": "y"}, tmp_path / "out", notebooks=notebooks)
    assert str(refused.value).startswith(message.format(file=file))
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "out").exists()


def test_folders_are_safe_short_and_apart_on_every_file_system() -> None:
    texts = ["../../etc", "a b", "a/b", "A b", "x" * 300, "x" * 301, "", "."]
    names = folder_names([{"title": text} for text in texts], [{"title": text} for text in texts])
    assert all(re.fullmatch(r"[A-Za-z0-9][\w.-]*", name) for name in names)
    assert len({name.lower() for name in names}) == len(texts)
    assert max(map(len, names)) <= LONGEST + 9
    assert folder_names([{}], [{}]) == ["only"]


@pytest.mark.subprocess
def test_a_batch_is_made_in_parallel_and_single_reports_and_batches_dont_hide_each_other(
    write: Write, notebooks: Path, tmp_path: Path, grid: Grid
) -> None:
    write("01_one", "# | # Is it <one>?\n\nYes.", "depths")
    sets, out = grid("axes: {depths: [[1], [2]]}"), tmp_path / "out"
    said: list[str] = []
    many = batch("one", sets, {}, out, say=said.append, notebooks=notebooks)
    many.make(workers=2)
    assert [outcome.status for outcome in many.outcomes] == [MADE, MADE]
    assert {"report 1 of 2: one, depths 1 ...", "report 2 of 2: one, depths 2 ..."} <= set(said)
    assert "report 2 of 2: one, depths 2: cell 1 of 3: " in said
    assert sorted(path.name for path in (out / "one").iterdir()) == ["depths-1", "depths-2", "index.html"]
    page = many.listing.index.read_text()
    assert "<pre>[2]</pre>" in (out / "one" / "depths-2" / "index.html").read_text()
    assert '<a href="depths-2/index.html">Is it &lt;one&gt;?</a>' in page
    assert re.findall(r'class="chip">(.*?)</span>', page) == ["depths <b>1</b>", "depths <b>2</b>"]
    with pytest.raises(UsageError, match="holds a batch, which the report would hide"):
        make_report("one", {}, out, notebooks=notebooks)
    with pytest.raises(UsageError, match="holds a batch, which the report would hide"):
        gallery({}, out, notebooks=notebooks)
    with pytest.raises(UsageError, match="holds a report, which the gallery would replace"):
        gallery({}, single(out / "y", "one") / "one", notebooks=notebooks)
    with pytest.raises(UsageError, match="holds a single report, which the batch would hide"):
        batch("one", sets, {}, single(out / "x", "one"), notebooks=notebooks)


def single(out: Path, name: str) -> Path:
    (out / name).mkdir(parents=True)
    (out / name / "summary.json").write_text('{"report": "one"}')
    return out
