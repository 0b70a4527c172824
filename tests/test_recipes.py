"""The recipes of CONTRIBUTING.md, followed on a copy of the package: each needs as few files as it says, and works."""

import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent

import pytest

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.subprocess


@dataclass
class Recipe:
    """What somebody who follows a recipe writes.

    Attributes:
        check: Code that uses what is new.
        added: New files, path in the package to text.
        edits: Path to pairs of a text that stands there once, and what is written behind it; "" is the end of the file.
    """

    check: str
    added: dict[str, str] = field(default_factory=dict)
    edits: dict[str, list[tuple[str, str]]] = field(default_factory=dict)


RECIPES = {
    "measure": Recipe(
        added={
            "measures/largest_entry.py": '''
                """The largest entry."""

                from torch import Tensor

                from cna_viz.measures.edges import EdgeList


                def largest_entry(x: Tensor, edges: EdgeList) -> Tensor:
                    return x.double().abs().max()
                '''
        },
        edits={
            "config/measures.toml": [
                (
                    "",
                    """
                    [largest_entry]
                    kind = "feature"
                    label = "largest entry"
                    question = "How large is the largest entry?"
                    meaning = "largest absolute value of the features"
                    formula = "max |x_ic|"
                    range = "0 to ∞"
                    scale = "goes with c"
                    degenerate = "0 for X = 0"
                    trust = "Always."
                    criticism = "None."
                    source = "this test"
                    cost = "O(v·m)"
                    """,
                )
            ]
        },
        check="""
            import torch
            from cna_viz.config import RecordingConfig
            from cna_viz.measures import EdgeList, FeatureMeasurer, describe
            describe("largest_entry")
            assert RecordingConfig(measures=["largest_entry"]).measures == ("largest_entry",)
            edges = EdgeList.from_edge_index(torch.tensor([[0, 1], [1, 0]]), 2)
            x = torch.tensor([[1.0, -3.0], [2.0, 0.0]])
            assert FeatureMeasurer(["largest_entry"], edges)(x)["largest_entry"] == 3
            """,
    ),
    "slot": Recipe(
        edits={
            "config/vocabulary.py": [('SLOTS: Final = ("none", "relu", ', '"tanh", ')],
            "nn/slots.py": [
                ('    "relu": lambda config, context: nn.ReLU(),\n', '"tanh": lambda config, context: nn.Tanh(),\n')
            ],
            "figures/style/theme.py": [
                (
                    '    "relu": SlotStyle("#D55E00", "dash", "square", "ReLU"),\n',
                    '"tanh": SlotStyle("#D55E00", "dot", "y-up", "tanh"),\n',
                )
            ],
        },
        check="""
            from cna_viz.config import DataConfig, ModelConfig, RunConfig, TrainingConfig
            from cna_viz.experiments import load_or_run
            from cna_viz.figures import plot_training_curves
            model = ModelConfig(slot="tanh", layers=2, hidden=4)
            config = RunConfig(data=DataConfig(dataset="karate"), model=model, training=TrainingConfig(epochs=1))
            record = load_or_run(config, runs="runs", progress=False)
            assert "tanh" in {trace.name for trace in plot_training_curves([record]).data}
            """,
    ),
    "dataset": Recipe(
        edits={
            "config/datasets.toml": [
                (
                    "",
                    """
                    [datasets.ring]
                    family = "embedded"
                    description = "a ring of 12 nodes"
                    """,
                )
            ],
            "data/embedded.py": [
                (
                    '    "karate": lambda _: karate(),\n',
                    '"ring": lambda _: clean("ring", RawGraph(torch.eye(12), torch.arange(12) % 2, '
                    "torch.stack([torch.arange(12), torch.arange(12).roll(1)]))),\n",
                )
            ],
        },
        check="""
            from cna_viz.config import DataConfig
            from cna_viz.data import load_graph
            graph = load_graph(DataConfig(dataset="ring"))
            assert (graph.num_nodes, graph.edge_index.shape) == (12, (2, 24))
            """,
    ),
    "figure": Recipe(
        added={
            "figures/plots/best_epochs.py": '''
                """When were the runs at their best?"""

                from collections.abc import Sequence

                import plotly.graph_objects as go

                from cna_viz.figures.style.labels import provenance
                from cna_viz.figures.style.theme import finish
                from cna_viz.records.record import Record


                def plot_best_epochs(records: Sequence[Record]) -> go.Figure:
                    figure = go.Figure(go.Bar(y=[record.best_epoch for record in records]))
                    return finish(figure, "When were the runs at their best?", provenance(records), height=400)
                '''
        },
        edits={
            "figures/__init__.py": [
                ('        "accuracy_by_depth ', "best_epochs "),
            ]
        },
        check="""
            from pathlib import Path
            from cna_viz.config import RunConfig
            from cna_viz.figures import plot_best_epochs
            from cna_viz.records.synthetic import synthetic_record
            record = synthetic_record(Path("synthetic"), RunConfig())
            assert list(plot_best_epochs([record]).data[0].y) == [record.best_epoch]
            """,
    ),
}

CHECKS = """
import json, sys, traceback
for name, check in json.load(sys.stdin).items():
    try:
        exec(check, {})
    except Exception:
        print(json.dumps([name, traceback.format_exc()]))
    else:
        print(json.dumps([name, "works"]))
"""


def follow(recipe: Recipe, package: Path) -> None:
    for name, text in recipe.added.items():
        assert not (package / name).exists()
        (package / name).write_text(dedent(text).lstrip(), encoding="utf-8")
    for name, edits in recipe.edits.items():
        text = (package / name).read_text(encoding="utf-8")
        for anchor, behind in edits:
            before, found, after = text.rpartition(anchor) if anchor else (text, "", "")
            assert text.count(anchor) == 1 or not anchor, f"{name} has not one {anchor!r}: has the recipe changed?"
            text = before + found + dedent(behind) + after
        (package / name).write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Follow all recipes on one copy, use in one new process what they add, and return how that went."""
    folder = tmp_path_factory.mktemp("checkout")
    heavy = shutil.ignore_patterns("stored")
    shutil.copytree(ROOT / "cna_viz", folder / "cna_viz", ignore=heavy)  # with __pycache__: loops that are compiled
    for path in ("cna_viz/stored", "notebooks", "docs", "pyproject.toml"):
        (folder / path).symlink_to(ROOT / path)
    for recipe in RECIPES.values():
        follow(recipe, folder / "cna_viz")
    checks = {name: dedent(recipe.check) for name, recipe in RECIPES.items()}
    answer = subprocess.run(
        [sys.executable, "-c", CHECKS], input=json.dumps(checks), capture_output=True, text=True, cwd=folder
    )
    lines = [json.loads(line) for line in answer.stdout.splitlines() if line.startswith('["')]
    return {**dict.fromkeys(RECIPES, answer.stderr), **dict(lines)}


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_works_and_touches_few_files(answers: dict[str, str], name: str) -> None:
    assert answers[name] == "works"
    guide = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (promised,) = re.findall(rf"^\*\*A {name}\.\*\* (?:At most )?(\w+) files: ", guide, re.MULTILINE)
    assert len({*RECIPES[name].added, *RECIPES[name].edits}) <= {"two": 2, "three": 3}[promised.lower()]
