"""Draw the pictures of this folder from the records of the default oversmoothing report (`make figures`).

Needs the extra ``images`` (kaleido) and an installed Chrome or Chromium. Records that are missing are trained.
"""

from pathlib import Path

from cna_viz import figures, load_or_run_all
from cna_viz.experiments.depth_grid import depth_grid
from cna_viz.reports.notebooks import find_notebook
from cna_viz.reports.parameters import read_parameters

HERE = Path(__file__).parent


def main() -> None:
    """Write one PNG per figure at twice the size it has on a page."""
    _, notebook = find_notebook("oversmoothing")
    defaults = {parameter.name: parameter.default for parameter in read_parameters(notebook)}
    places = {name: defaults.pop(name) for name in ("runs", "data")}
    records = load_or_run_all(depth_grid(**defaults), **places)
    deepest = [record for record in records if record.layers == max(defaults["depths"])]
    shown = [record for record in deepest if record.config.seed == defaults["seeds"][0]]
    pictures = {
        "accuracy_by_depth": figures.plot_accuracy_by_depth(records),
        "energy_by_layer": figures.plot_measure_by_layer(deepest, "rayleigh"),
        "embedding_by_layer": figures.plot_embedding_by_layer(shown),
    }
    for name, figure in pictures.items():
        figure.write_image(HERE / f"{name}.png", width=1000, scale=2)


if __name__ == "__main__":
    main()
