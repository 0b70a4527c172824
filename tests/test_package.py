"""The front door: every public name opens, and nothing heavy is imported before it is used."""

import subprocess
import sys

import pytest

import cna_viz


@pytest.mark.parametrize("name", cna_viz.__all__)
def test_public_names_open(name: str) -> None:
    assert getattr(cna_viz, name) is not None
    assert name in dir(cna_viz)


def test_unknown_name() -> None:
    with pytest.raises(AttributeError, match="No cna_viz attribute load_or_rum"):
        cna_viz.load_or_rum  # noqa: B018


@pytest.mark.subprocess
def test_import_is_light() -> None:
    heavy = ["torch", "numpy", "pydantic", "pandas", "plotly"]
    code = f"import sys, cna_viz; print([name for name in {heavy} if name in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


@pytest.mark.subprocess
def test_importing_the_config_needs_no_torch_and_no_numpy() -> None:
    code = "import sys, cna_viz.config; print([name for name in ('torch', 'numpy') if name in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
