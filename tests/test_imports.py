"""Who imports what: nothing heavy before it is needed, no torch beyond the record, no word while importing."""

import ast
import pkgutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

import cna_viz

DRAW = """
import sys, tempfile
from pathlib import Path
from cna_viz import ModelConfig, RunConfig, figures, list_runs, records
from cna_viz import analysis
from cna_viz.analysis import claims
from cna_viz.records.synthetic import synthetic_record

with tempfile.TemporaryDirectory() as folder:
    config = RunConfig(model=ModelConfig(slot="cna", layers=3, hidden=4))
    record = records.load(synthetic_record(Path(folder), config).folder)
    one = ("plot_cluster_sizes", "plot_clusters_by_class", "plot_graph", "plot_inside_slot", "plot_rational_curves")
    one = (*one, "plot_rational_movement")
    pairs = ("plot_differences", "plot_differences_by_group", "plot_effects", "plot_interaction")
    others = {*one, *pairs, "plot_claims", "plot_cluster_flow", "plot_embedding_animation"}  # these are called below
    others |= {"plot_two_runs"}
    drawn = [getattr(figures, name)([record]).to_json() for name in figures.__all__ if name not in {*others, "dark"}]
    claim = [claim for claim in claims.read_claims() if claim.kind == "level"][:1]
    judged = claims.judge_all(claim, claims.Plan(), claims.Evidence())
    drawn += [figures.plot_claims(judged).to_json(), claims.as_html(judged)]
    drawn += [getattr(figures, name)(record, 1).to_json() for name in one]
    drawn += [plot(record).to_json() for plot in (figures.plot_embedding_animation, figures.plot_cluster_flow)]
    drawn += [figures.plot_two_runs(record, record, 1).to_json()]
    said = [*analysis.depth_findings([record]), *analysis.smoothing_findings([record])]
    for find in (analysis.cluster_findings, analysis.normalization_findings, analysis.rational_findings):
        said += find(record, 1)
    assert len(list_runs(Path(folder))) == 1 and all(drawn) and all(said) and len(analysis.depth_table([record]))
"""

COMPARE = """
import tempfile
from itertools import product
from pathlib import Path
from cna_viz import ModelConfig, RunConfig, figures
from cna_viz import analysis
from cna_viz.records.synthetic import synthetic_record

with tempfile.TemporaryDirectory() as folder:
    models = [ModelConfig(slot=slot, layers=3, hidden=4) for slot in analysis.COMPONENTS]
    configs = [RunConfig(model=model, seed=seed) for model, seed in product(models, (0, 1))]
    records = [synthetic_record(Path(folder), config) for config in configs]
    plots = (figures.plot_differences, figures.plot_effects, figures.plot_interaction)
    table = analysis.paired_table(records)
    said = analysis.ablation_findings(table, "relu") + analysis.effect_findings(table)
    said += analysis.collapse_findings(records) + analysis.unfinished_findings(records)
    assert all([plot(records).to_json() for plot in plots]) and all(said)
"""


def loaded(code: str, modules: Sequence[str], *words: str) -> list[str]:
    """Run code in a new Python and return which of the modules it has imported at its end."""
    code += f"\nimport sys; print([name for name in {list(modules)} if name in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=True)
    names: list[str] = ast.literal_eval(answer.stdout.splitlines()[-1])
    return names


@pytest.mark.subprocess
def test_the_package_alone_imports_nothing_heavy() -> None:
    heavy = (
        "torch",
        "torch_geometric",
        "numpy",
        "scipy",
        "pandas",
        "xarray",
        "pydantic",
        "plotly",
        "sklearn",
        "IPython",
    )
    assert loaded("import cna_viz", heavy) == []
    assert loaded("import cna_viz, numpy", heavy) == ["numpy"], "this test can't see what is imported"


def test_opening_and_drawing_a_record_imports_no_torch() -> None:
    making = ("torch", "torch_geometric", "cna_viz.nn", "cna_viz.models", "cna_viz.training", "cna_viz.recording")
    assert loaded(DRAW, making) == loaded(COMPARE, making) == []


def test_loading_what_was_trained_imports_no_torch(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from cna_viz import RunConfig, load_or_run\n"
        "from cna_viz.records.synthetic import synthetic_record\n"
        "synthetic_record(Path(sys.argv[1]), RunConfig())\n"
        "assert load_or_run(RunConfig(), runs=sys.argv[1]).id == RunConfig().run_id"
    )
    assert loaded(code, ("torch", "torch_geometric", "plotly"), str(tmp_path)) == []


def test_the_explorer_opens_without_what_takes_seconds_to_import(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from cna_viz import ModelConfig, RunConfig, widgets\n"
        "from cna_viz.records.synthetic import synthetic_record\n"
        "synthetic_record(Path(sys.argv[1]), RunConfig(model=ModelConfig(slot='cna', layers=4)))\n"
        "explorer = widgets.Explorer(sys.argv[1])\n"
        "assert explorer.record is not None, explorer.notice.text"
    )
    heavy = ("torch", "sklearn", "scipy.stats", "umap", "networkx", "dask.array", "distributed")
    assert loaded(code, heavy, str(tmp_path)) == []


@pytest.mark.parametrize(
    ("words", "heavy"),
    [
        (["--help"], ("pydantic", "torch", "numpy", "pandas", "plotly", "tqdm")),
        (["--version"], ("pydantic", "torch", "numpy", "pandas", "plotly", "tqdm")),
        (["unknown"], ("pydantic", "torch", "numpy", "pandas", "plotly", "tqdm")),
        (["run", "--help"], ("torch", "torch_geometric", "plotly", "pandas", "sklearn")),
        (["run", "--layers", "0"], ("torch", "torch_geometric", "plotly", "pandas", "sklearn")),
        (["runs", "--help"], ("torch", "torch_geometric", "plotly", "pandas", "sklearn")),
        (["tune", "--help"], ("torch", "torch_geometric", "plotly", "pandas", "sklearn", "optuna")),
        (["tune", "depth", "--seeds", "x"], ("torch", "torch_geometric", "plotly", "pandas", "sklearn", "optuna")),
        (["datasets", "--help"], ("torch", "torch_geometric", "plotly", "pandas", "sklearn")),
        (["report", "--help"], ("torch", "torch_geometric", "plotly", "papermill", "nbconvert")),
        (["report", "--all", "--jobs", "0"], ("torch", "torch_geometric", "plotly", "papermill", "nbconvert")),
        (["report", "oversmoothing", "--parameters"], ("torch", "torch_geometric", "plotly", "papermill", "nbconvert")),
    ],
    ids=" ".join,
)
def test_the_command_line_answers_without_what_it_does_not_need(words: list[str], heavy: tuple[str, ...]) -> None:
    code = "import sys\nfrom cna_viz.cli.main import main\ntry:\n    main(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
    assert loaded(code, heavy, *words) == []


@pytest.mark.subprocess
def test_importing_every_module_prints_nothing_and_writes_nothing(tmp_path: Path) -> None:
    names = sorted(module.name for module in pkgutil.walk_packages(cna_viz.__path__, "cna_viz."))
    assert len(names) > 50
    code = "import importlib, sys\nfor name in sys.argv[1:]: importlib.import_module(name)"
    command = [sys.executable, "-W", "error::UserWarning:cna_viz", "-c", code, *names]
    answer = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")
    assert list(tmp_path.iterdir()) == []
