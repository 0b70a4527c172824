"""Draw the pictures of this folder, and the table of results in the README (`make figures`).

Every picture is a figure of a report with its default parameters, seeds included: the reports are executed, which
trains the runs that have no record yet, and the figures are taken from them. ``made.json`` says what each was made
from; tests/test_pictures.py fails when a picture is older than that.

Needs the extra ``images`` (kaleido) and an installed Chrome or Chromium.
"""

import hashlib
import json
import sys
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Final

import nbformat
import plotly.graph_objects as go
import plotly.io
from sources import ROOT, fingerprint

from cna_viz.cli import compare
from cna_viz.reports.notebooks.notebooks import find_notebook
from cna_viz.reports.notebooks.parameters import read_parameters
from cna_viz.reports.report import make_report

HERE: Final = Path(__file__).parent
MADE: Final = HERE / "made.json"
WIDTH: Final = 1000
"""Pixels of a picture on a page."""
SCALE: Final = 1.5
"""Pixels of a PNG file for one of them."""
DOTS: Final = 5000
"""Points beyond which the points of an SVG file are an image within it, which would have megabytes else."""

PICTURES: Final = {
    "energy_heatmap": ("quickstart", "plot_measure_heatmap"),
    "accuracy_by_depth": ("oversmoothing", "plot_accuracy_by_depth"),
    "embedding_by_layer": ("oversmoothing", "plot_embedding_by_layer"),
    "cluster_flow": ("inside_a_layer", "plot_cluster_flow"),
    "rational_curves": ("inside_a_layer", "plot_rational_curves"),
    "differences": ("ablation", "plot_differences"),
    "collapse_map": ("smoothing_or_vanishing_gradients", "plot_collapse_map"),
    "accuracy_by_parameters": ("architectures_and_parameters", "plot_accuracy_by_parameters"),
    "accuracy_by_homophily": ("heterophily", "plot_accuracy_by_setting"),
    "graph": ("teaching", "plot_graph"),
}
"""Name of the file: report, and function whose first figure there it is."""

RESULTS: Final = "ablation"
"""The report whose comparison is the README's table of results."""


def main() -> None:
    """Execute the reports, draw, and write down what was drawn."""
    notebooks = {report: _execute(report) for report in dict.fromkeys(report for report, _ in PICTURES.values())}
    figures = {name: _figure(notebooks[report], function) for name, (report, function) in PICTURES.items()}
    print("==> drawing", file=sys.stderr)
    files = [HERE / f"{name}.{kind}" for kind in ("png", "svg") for name in figures]
    shown = [*figures.values(), *map(_light, figures.values())]
    heights = [figure.layout.height for figure in shown]
    scales = [SCALE] * len(figures) + [1] * len(figures)
    plotly.io.write_images(shown, files, width=WIDTH, height=heights, scale=scales)
    made = {
        name: {
            "report": report,
            "function": function,
            "made_from": fingerprint(report, function),
            **{kind: _digest(HERE / f"{name}.{kind}") for kind in ("png", "svg")},
        }
        for name, (report, function) in PICTURES.items()
    }
    MADE.write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")
    _write_results(ROOT / "README.md")


def _execute(report: str) -> nbformat.NotebookNode:
    print(f"==> report {report}", file=sys.stderr)
    return nbformat.read(make_report(report, {}, ROOT / "reports").notebook, as_version=4)


def _figure(notebook: nbformat.NotebookNode, function: str) -> go.Figure:
    """Return the first figure that a function drew in a notebook."""
    for cell in notebook.cells:
        if cell.cell_type == "code" and f"figures.{function}(" in cell.source:
            for output in cell.outputs:
                found = output.get("data", {}).get("application/vnd.plotly.v1+json")
                if found:
                    return go.Figure({key: found[key] for key in ("data", "layout")})
    raise SystemExit(f"no figure of {function} in the report")


def _light(figure: go.Figure) -> go.Figure:
    """Return a figure whose points, where they are many, are drawn as one image."""
    parts = figure.to_plotly_json()
    scatters = [trace for trace in parts["data"] if trace["type"] == "scatter" and trace.get("mode") == "markers"]
    if sum(len(trace.x) for trace in figure.data if trace.type == "scatter" and trace.mode == "markers") > DOTS:
        for trace in scatters:
            trace["type"] = "scattergl"
    return go.Figure(parts)


def _write_results(readme: Path) -> None:
    """Put the table of ``cna-viz compare`` between its two marks in the README."""
    _, notebook = find_notebook(RESULTS)
    given = {parameter.name: parameter.default for parameter in read_parameters(notebook)}
    settings = {name: given[name] for name in ("dataset", "split", "layers", "hidden", "epochs")} | {
        "seed": ",".join(map(str, given["seeds"]))
    }
    words = ["ablation", "--markdown", "--set", *(f"{name}={value}" for name, value in settings.items())]
    with redirect_stdout(StringIO()) as said:
        compare.main([*words, "--runs", str(ROOT / "runs")])
    command = f"```\ncna-viz compare {' '.join(words)}\n```"
    before, _, rest = readme.read_text(encoding="utf-8").partition("<!-- results -->\n")
    _, mark, after = rest.partition("<!-- end of results -->")
    if not mark:
        raise SystemExit(f"{readme} has no marks for the table of results")
    readme.write_text(
        f"{before}<!-- results -->\n{command}\n\n{said.getvalue().strip()}\n{mark}{after}", encoding="utf-8"
    )


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    main()
