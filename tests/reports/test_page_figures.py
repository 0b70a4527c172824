"""What figures do in the finished page: an animation waits for its button, the pointer shows a node in both panels."""

import json
import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import nbformat
import pytest

from cna_viz.config import ModelConfig, RecordingConfig, RunConfig
from cna_viz.figures import plot_embedding_animation, plot_graph
from cna_viz.records.synthetic import synthetic_record
from cna_viz.reports.page.page import make_page
from cna_viz.reports.page.provenance import Provenance

TRIED = """
const wait = (time) => new Promise((resolve) => setTimeout(resolve, time));
const words = (box, kind) => [...box.querySelectorAll(kind)].map((element) => element.textContent);
const [animation, graph] = document.querySelectorAll(".drawing");
(async () => {
  await wait(4000);
  const seen = { waits: words(animation, ".textpoint") };
  Plotly.animate(animation, ["3"], { frame: { duration: 0, redraw: false }, mode: "immediate" });
  await wait(2000);
  seen.moved = words(animation, ".textpoint");
  graph.emit("plotly_hover", { points: [{ curveNumber: 2, pointNumber: 4 }] });
  await wait(1000);
  seen.linked = words(graph, ".hovertext");
  const result = document.createElement("pre");
  result.id = "seen";
  result.textContent = JSON.stringify(seen);
  document.body.append(result);
})();
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return a page with an animation and a graph."""
    folder = tmp_path_factory.mktemp("page")
    recording = RecordingConfig(every=1, snapshots="ends")
    config = RunConfig(model=ModelConfig(slot="cna", layers=4, hidden=4, clusters=3), recording=recording)
    record = synthetic_record(folder, config, nodes=30)
    drawn = [plot_embedding_animation(record, color="cluster"), plot_graph(record, 2, cache=folder / "layouts")]
    outputs = [
        nbformat.v4.new_output("display_data", {"application/vnd.plotly.v1+json": json.loads(figure.to_json())})
        for figure in drawn
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("figures", outputs=outputs)])
    return make_page(notebook, Provenance("nodes", [], {}, datetime.now(UTC), 1.0, Path("reports")))


def test_frames_and_links_are_in_the_page(page: str) -> None:
    animation, graph = (
        json.loads(text)
        for text in re.findall(r'<script type="application/json" id="figure-\d-data">(.*?)</script>', page)
    )
    assert [frame["name"] for frame in animation["frames"]] == ["1", "2", "3", "4"]
    assert graph["layout"]["meta"] == {"linked": [[1, 4], [2, 5], [3, 6]]}


@pytest.mark.subprocess
@pytest.mark.skipif(not shutil.which("chromium"), reason="needs chromium")
def test_the_animation_waits_for_its_button_and_a_node_is_shown_in_both_panels(page: str, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    free = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page)  # which would stop our script, too
    file.write_text(free.replace("</body>", f"<script>{TRIED}</script></body>"), encoding="utf-8")
    seen = tried(file, tmp_path)
    assert seen["waits"][-1].startswith("layer 1 · ")
    assert seen["moved"][-1].startswith("layer 3 · ")
    assert seen["linked"] == ["node 13class 1"] * 2


def tried(file: Path, profile: Path) -> Any:
    """Return what the script found in a browser."""
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    flags += [f"--user-data-dir={profile / 'browser'}", "--virtual-time-budget=20000", "--dump-dom"]
    try:
        run = subprocess.run(["chromium", *flags, file.as_uri()], capture_output=True, text=True, timeout=60)
    except subprocess.TimeoutExpired:
        pytest.skip("the browser hangs on this machine")
    (found,) = re.findall(r'<pre id="seen">(.*?)</pre>', run.stdout)
    return json.loads(found)
