"""Several reports by one command: each succeeds or fails for itself, and the page that lists them is always whole."""

import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import nbformat
import pytest

from cna_viz.errors import UsageError
from cna_viz.reports.many.gallery import gallery
from cna_viz.reports.many.many import Many, seconds_before, time_left
from cna_viz.reports.many.workers import FAILED, MADE, STOPPED, WAITING, Job

Write = Callable[..., Path]

FIGURE = "import plotly.graph_objects as go\nfigure = go.FigureWidget(go.Scatter(y=[1, 2]))\n"


@dataclass
class Made:
    """A gallery that was made, and what it said meanwhile."""

    many: Many
    said: list[str]

    @property
    def page(self) -> str:
        return self.many.listing.index.read_text(encoding="utf-8")

    @property
    def cards(self) -> list[str]:
        return re.findall(r"<li class=\"card.*?</li>", self.page, re.DOTALL)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, write_notebook: Write) -> Made:
    """Make three reports: a good one, one that fails, one whose process is killed; a fourth is not asked for."""
    folder = tmp_path_factory.mktemp("many")
    notebooks = folder / "notebooks"
    write_notebook(
        notebooks,
        "01_good",
        "# | # Is $x^2$ <b>good</b> & right?\n\nIt is [good](https://example.org): see. And more.",
        FIGURE + "figure.update_layout(title='Drawn')\nfigure",
        "import os, time\ntime.sleep(0.01)\nlr",
    )
    write_notebook(notebooks, "02_bad", "# | # Does it fail?\n\nIt does:", "raise ValueError('<i>no</i>')")
    write_notebook(notebooks, "03_killed", "# | # Is it killed?", "import os\nos.kill(os.getppid(), 9)")
    write_notebook(notebooks, "04_other", "# | # Another?\n\nLater.")
    said: list[str] = []
    many = gallery(
        {"lr": "0.5", "depths": [1]}, folder / "out", ["03_killed", "good", "bad"], say=said.append, notebooks=notebooks
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cna_viz.reports.pictures.thumbnails.find_browser", lambda: None)
        many.make()
    return Made(many, said)


@pytest.mark.subprocess
def test_one_that_fails_or_is_killed_hinders_no_other(made: Made) -> None:
    assert [(job.report, outcome.status) for job, outcome in zip(made.many.jobs, made.many.outcomes, strict=True)] == [
        ("good", MADE),
        ("bad", FAILED),
        ("killed", FAILED),
    ]
    assert list(made.many.failed) == ["bad", "killed"]
    assert made.many.failed["bad"].startswith("ValueError: <i>no</i> (code cell [3] `raise")
    assert made.many.failed["killed"] == "its process was killed; is there enough memory?"
    assert made.many.outcomes[0].seconds > 0


def test_progress_says_which_report_and_which_cell(made: Made) -> None:
    assert made.said[0] == "report 1 of 3: good ..."
    assert any(re.fullmatch(r"report 2 of 3: bad \.\.\. about \d+ (s|min) left", line) for line in made.said)
    assert "cell 3 of 4: Is $x^2$ <b>good</b> & right?" in made.said
    assert any(line.startswith("report 2 of 3: bad failed: ValueError") for line in made.said)


def test_every_report_has_a_card_in_the_order_of_the_notebooks(made: Made) -> None:
    found = [re.findall(r'class="card (\w+)"|class="made">(\w+)', card) for card in made.cards]
    assert [(card[0][0], card[1][1]) for card in found] == [
        (MADE, "good"),
        (FAILED, "bad"),
        (FAILED, "killed"),
        (WAITING, "other"),
    ]
    assert "4 reports, 2 failed, 1 not made yet" in made.page


def test_a_card_says_what_the_report_asks_and_leads_to_it(made: Made) -> None:
    good = made.cards[0]
    assert '<a href="good/index.html">Is <math' in good
    assert '<p class="sentence">It is good: see.</p>' in good
    assert (made.many.listing.index.parent / "good" / "index.html").is_file()
    assert "href" not in made.cards[3]
    assert "Not made yet." in made.cards[3]


def test_a_failure_is_told_escaped_with_the_partial_notebook(made: Made) -> None:
    bad = made.cards[1]
    assert "<b>Failed.</b> ValueError: &lt;i&gt;no&lt;/i&gt; (code cell [3]" in bad
    assert '<a href="bad/failed.ipynb">bad/failed.ipynb</a>' in bad
    assert str(made.many.listing.index.parent) not in bad
    assert '<p class="sentence">It does.</p>' in bad


def test_the_page_asks_the_net_for_nothing_and_runs_nothing_foreign(made: Made) -> None:
    assert "default-src 'none'" in made.page
    assert not re.findall(r"(?:src|href)=\"(?!data:)(?!\w+/(?:index\.html|failed\.ipynb))[^\"]*", made.page)
    assert "<i>no" not in made.page
    assert "url(" not in made.page


def test_without_a_browser_cards_have_a_sign_and_a_note_says_why(made: Made) -> None:
    assert made.page.count('class="picture none"') == 4
    assert "Pictures of the figures need" in made.page
    assert made.many.note


def test_parameters_are_for_the_reports_that_have_them(made: Made) -> None:
    assert made.many.jobs[0].values == {"lr": 0.5, "depths": [1]}
    command = unescape(re.findall(r'<pre class="command">(.*?)</pre>', made.page)[0])
    assert command.startswith("cna-viz report --all --only 03_killed,good,bad -p lr 0.5 -p depths 1 --out ")


def test_a_figure_widget_is_shown_as_its_figure_and_its_state_is_not_stored(made: Made) -> None:
    folder = made.many.listing.index.parent / "good"
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert 'aria-label="Drawn"' in page
    assert "An interactive widget" not in page
    notebook = nbformat.read(folder / "report.ipynb", as_version=4)
    assert "widgets" not in notebook.metadata
    shown = [data for cell in notebook.cells for output in cell.get("outputs", []) for data in output.get("data", {})]
    assert "application/vnd.plotly.v1+json" in shown
    assert "application/vnd.jupyter.widget-view+json" not in shown


@pytest.mark.subprocess
def test_an_interrupt_stops_the_kernel_and_the_page_says_so(write: Write, notebooks: Path, tmp_path: Path) -> None:
    tell = f"import os, time\nopen({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))"
    write("01_slow", "# | # Slow?", tell, "time.sleep(600)")
    write("02_never", "# | # Never?", "1")

    def interrupt(line: str) -> None:
        if line.startswith("cell 4"):
            raise KeyboardInterrupt

    many = gallery({}, tmp_path / "out", say=interrupt, notebooks=notebooks)
    with pytest.raises(KeyboardInterrupt):
        many.make()
    assert [outcome.status for outcome in many.outcomes] == [STOPPED, WAITING]
    page = many.listing.index.read_text()
    assert "<b>Interrupted.</b>" in page
    assert 'href="slow/failed.ipynb"' in page
    assert "2 reports, 2 not made yet" in page
    assert [path.name for path in (tmp_path / "out" / "slow").iterdir()] == ["failed.ipynb"]
    assert is_gone(int((tmp_path / "pid").read_text()))


def is_gone(pid: int) -> bool:
    for _ in range(50):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


@pytest.mark.parametrize(
    ("given", "only", "message"),
    [
        (
            {"dpeths": "2"},
            None,
            "unknown parameter of the chosen reports 'dpeths'; choices, nearest first: depth",
        ),
        ({"depths": "x"}, None, "report 'one': parameter depths = 'x' is not of type list[int]; an example: 2,4,8"),
        ({"depths": "0"}, None, "report 'one': parameter depths: layers = 0 is out of range"),
        ({"more": "1"}, ["one"], "unknown parameter of the chosen reports 'more'"),
        ({}, ["oen"], "unknown report 'oen'; choices, nearest first: one, two"),
        ({}, [], "no report is chosen"),
    ],
)
def test_a_gallery_that_means_nothing_is_refused_before_anything_runs(
    write: Write, notebooks: Path, tmp_path: Path, given: dict[str, object], only: list[str] | None, message: str
) -> None:
    write("01_one")
    write("02_two", parameters="more: int = 2")
    with pytest.raises(UsageError) as refused:
        gallery(given, tmp_path / "out", only, notebooks=notebooks)
    assert str(refused.value).startswith(message)
    assert not (tmp_path / "out").exists()


def test_a_parameter_of_one_report_is_not_given_to_another(write: Write, notebooks: Path, tmp_path: Path) -> None:
    write("01_one")
    write("02_two", parameters="more: int = 2")
    many = gallery({"more": "3", "depths": "4"}, tmp_path, notebooks=notebooks)
    assert [dict(job.values) for job in many.jobs] == [{"depths": [4]}, {"more": 3}]


def test_a_place_that_cant_be_written_to_is_refused_before_anything_runs(
    write: Write, notebooks: Path, tmp_path: Path
) -> None:
    write("01_one")
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="can't write to"):
        gallery({}, tmp_path / "file", notebooks=notebooks).make()


@pytest.mark.parametrize(
    ("left", "known", "workers", "words"),
    [
        ([0, 1, 2], {}, 1, ""),
        ([], {0: 60.0}, 1, ""),
        ([1, 2], {0: 60.0}, 1, "about 2 min left"),
        ([1, 2], {0: 10.0, 1: 600.0}, 1, "about 15 min left"),
        ([1, 2], {0: 60.0}, 2, "about 60 s left"),
        ([2], {0: 60.0}, 8, "about 60 s left"),
        ([2], {2: 0.5}, 1, "about 10 s left"),
    ],
)
def test_time_left(left: list[int], known: dict[int, float], workers: int, words: str) -> None:
    assert time_left(left, known, workers) == words


def test_what_was_made_before_says_how_long_it_takes(tmp_path: Path) -> None:
    for name, text in {"good": '{"seconds": 7.5}', "odd": '{"seconds": "x"}', "list": "[]", "broken": "{"}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "summary.json").write_text(text)
    jobs = [Job(name, tmp_path, {}, tmp_path, name) for name in ("never", "good", "odd", "list", "broken")]
    assert seconds_before(jobs) == {1: 7.5}
