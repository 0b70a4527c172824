"""The finished page: one file that asks the net for nothing, with every figure, and no value that became markup."""

import html
import json
import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbformat
import pytest

from cna_viz.figures.style.dark_theme import DARK_PAPER


class Outline(HTMLParser):
    """What a browser would see: elements with their attributes, the text outside scripts and styles, the scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.text = ""
        self.scripts: list[str] = []
        self.styles = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag in {"script", "style", "code", "pre", "details"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1] == tag:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        inside = self.open[-1] if self.open else ""
        if inside == "script":
            self.scripts.append(data)
        elif inside == "style":
            self.styles += data
        elif not self.open:
            self.text += data


@pytest.fixture(scope="module")
def outline(made: Any) -> Outline:
    return Outline(made.html)


@pytest.mark.subprocess
def test_nothing_is_loaded_from_elsewhere(outline: Outline) -> None:
    for tag, attributes in outline.elements:
        for name in ("src", "srcset", "data", "action", "poster"):
            assert attributes.get(name, "data:").startswith("data:"), (tag, attributes)
        if tag != "a":
            assert attributes.get("href", "data:").startswith("data:"), (tag, attributes)
    assert not {tag for tag, _ in outline.elements} & {"iframe", "object", "embed", "base", "form", "applet"}
    assert "@import" not in outline.styles
    assert "url(" not in outline.styles


def test_the_browser_is_told_to_run_only_the_pages_own_scripts(outline: Outline) -> None:
    (policy,) = [
        given["content"] for _, given in outline.elements if given.get("http-equiv", "") == "Content-Security-Policy"
    ]
    assert policy.startswith("default-src 'none'; script-src 'nonce-")
    nonce = re.findall(r"'nonce-([\w-]{20,})'", policy)[0]
    run = [given for tag, given in outline.elements if tag == "script" and given.get("type") != "application/json"]
    assert [given.get("nonce") for given in run] == [nonce, nonce, nonce]


def test_plotly_is_inlined_once_and_every_figure_has_its_box_and_data(made: Any, outline: Outline) -> None:
    assert made.html.count("plotly.js v") == 1
    boxes = [given["id"] for _, given in outline.elements if given.get("class") == "drawing"]
    assert boxes == ["figure-1", "figure-2"]
    data = [
        given["id"] for tag, given in outline.elements if tag == "script" and given.get("type") == "application/json"
    ]
    assert data == ["figure-1-data", "figure-2-data", "dark-colors"]
    figures = [json.loads(text) for text in outline.scripts if text.startswith('{"data"')]
    assert figures[0]["layout"]["title"]["text"] == made.hostile
    assert "width" not in figures[0]["layout"]


def test_no_figure_offers_to_upload_itself(made: Any) -> None:
    assert 'showSendToCloud: false, plotlyServerURL: ""' in made.html


def test_every_colour_of_the_page_has_a_counterpart_in_the_dark(outline: Outline) -> None:
    light, night = (
        dict(re.findall(r"(--[\w-]+): (#\w+);", block))
        for block in re.findall(r":root\S* \{(.*?)\}", outline.styles, re.DOTALL)[:2]
    )
    assert light
    assert light.keys() == night.keys()
    assert night["--paper"] == DARK_PAPER
    rest = outline.styles[outline.styles.index(":root[") :].partition("}")[2]
    assert not re.findall(r"#[0-9a-f]{3,8}\b", rest), "a colour that stays the same in the dark"


@pytest.mark.subprocess
@pytest.mark.parametrize(("preferred", "theme", "line"), [(0, "dark", "74, 159, 224"), (1, "light", "0, 114, 178")])
@pytest.mark.skipif(not shutil.which("chromium"), reason="needs chromium")
def test_a_browser_draws_every_figure(made: Any, tmp_path: Path, preferred: int, theme: str, line: str) -> None:
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    flags += [
        f"--user-data-dir={tmp_path}",
        "--virtual-time-budget=8000",
        "--enable-logging=stderr",
        "--dump-dom",
    ]
    flags += [f"--blink-settings=preferredColorScheme={preferred}"]
    try:
        run = subprocess.run(
            ["chromium", *flags, made.result.index.as_uri()], capture_output=True, text=True, timeout=60
        )
    except subprocess.TimeoutExpired:
        pytest.skip("the browser hangs on this machine")
    assert run.stdout.count('class="drawing js-plotly-plot"') == 2
    assert f'<html lang="en" data-theme="{theme}">' in run.stdout
    assert f"stroke: rgb({line});" in run.stdout
    assert "Content Security Policy" not in run.stderr
    assert "Uncaught" not in run.stderr


def test_no_value_becomes_markup(made: Any, outline: Outline) -> None:
    assert not [given for _, given in outline.elements if [name for name in given if name.startswith("on")]]
    assert not [given for tag, given in outline.elements if tag == "img"]
    assert html.escape(made.hostile, quote=False).partition(" $x$")[0] in made.html
    assert "<script>" not in made.html.partition("plotly.js v")[0]


def test_maths_is_mathml_and_no_dollar_is_left(made: Any, outline: Outline) -> None:
    text = outline.text.replace(made.hostile, "")
    assert re.findall(r"\S*\$\S*", text) == ["$5,"]
    assert made.html.count("<math") >= 3
    assert "<code>not $maths$</code>" in made.html


def test_the_title_stands_in_the_tab_and_once_on_the_page(made: Any, outline: Outline) -> None:
    assert "<title>Depth &amp; \\hat A</title>" in made.html
    assert len([tag for tag, _ in outline.elements if tag == "h1"]) == 1


def test_code_is_folded_without_prompts_and_the_parameter_cells_are_a_table(made: Any, outline: Outline) -> None:
    assert len([tag for tag, _ in outline.elements if tag == "details"]) == 6
    assert "In [" not in outline.text
    assert "# Parameters" not in made.html
    assert re.search(r'<tr class="changed"><th scope="row">depths</th><td class="value">2,4</td>', made.html)
    assert re.search(r'<tr><th scope="row">dataset</th><td class="value">digits</td>', made.html)


def test_stderr_is_not_shown_and_printed_lines_are(made: Any) -> None:
    assert "training ...\n" not in made.html
    assert "<pre>step 2" in made.html


def test_the_page_is_of_a_bearable_size(made: Any) -> None:
    assert made.result.index.stat().st_size < 8_000_000


def test_the_command_makes_the_report_again(made: Any) -> None:
    words = made.summary["command"]
    assert words.startswith("cna-viz report all -p depths 2,4 -p lr 1.0 -p title '</script>")
    assert words.endswith(" --out out")
    assert html.escape(words) in made.html.replace("&#34;", "&quot;").replace("&#39;", "&#x27;")


def test_the_summary_holds_parameters_results_and_versions(made: Any) -> None:
    summary = made.summary
    assert summary["parameters"] == {"dataset": "digits", "depths": [2, 4], "lr": 1.0, "title": made.hostile}
    assert summary["changed"] == ["depths", "lr", "title"]
    assert summary["results"] == {"accuracy": 0.5, "layers": [2, 4]}
    assert summary["versions"]["python"] == ".".join(map(str, sys.version_info[:3]))
    assert summary["seconds"] == made.result.seconds


def test_the_kernel_is_this_interpreter_in_this_folder_and_knows_that_it_works_for_a_report(made: Any) -> None:
    notebook = nbformat.read(made.result.notebook, as_version=4)
    printed = "".join(output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", []))
    folder = made.result.index.parents[2]
    assert f"{sys.executable} {folder} 1 plotly_mimetype <class 'float'> [2, 4]" in printed
    assert "CNA_VIZ_BATCH" not in os.environ


def test_the_kept_notebook_is_the_executed_one_without_our_last_cell(made: Any) -> None:
    notebook = nbformat.read(made.result.notebook, as_version=4)
    assert notebook.cells[-1].source.startswith("display(")
    assert notebook.metadata.papermill.input_path == "01_all.ipynb"


def test_progress_names_each_code_cell_and_stderr_is_heard(made: Any) -> None:
    assert [(number, count) for number, count, _ in made.progress] == [(number, 11) for number in range(1, 12)]
    assert {heading for _, _, heading in made.progress} == {"", "Depth & $\\hat A$", "First look", "Second look"}
    assert made.log == "training ...\n"
