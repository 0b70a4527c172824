"""The pictures of figures/ are those that the code of today makes, and the README shows them."""

import hashlib
import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from cna_viz import figures

FOLDER = Path(__file__).parents[1] / "figures"
MADE: dict[str, Any] = json.loads((FOLDER / "made.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def sources() -> ModuleType:
    spec = importlib.util.spec_from_file_location("sources", FOLDER / "sources.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", MADE)
def test_no_picture_is_older_than_what_makes_it(name: str, sources: ModuleType) -> None:
    made = MADE[name]
    for kind in ("png", "svg"):
        content = (FOLDER / f"{name}.{kind}").read_bytes()
        assert hashlib.sha256(content).hexdigest() == made[kind], "not the file that was drawn: make figures"
        assert len(content) < 1_500_000
    assert made["made_from"] == sources.fingerprint(made["report"], made["function"]), "out of date: make figures"
    assert hasattr(figures, made["function"])


def test_there_are_ten_and_nothing_else() -> None:
    assert len(MADE) == 10
    files = {path.name for path in FOLDER.iterdir() if path.suffix in {".png", ".svg"}}
    assert files == {f"{name}.{kind}" for name in MADE for kind in ("png", "svg")}


def test_the_readme_shows_them() -> None:
    readme = (FOLDER.parent / "README.md").read_text(encoding="utf-8")
    assert [name for name in MADE if f"figures/{name}.png" not in readme] == []


def test_code_changes_the_fingerprint_and_words_do_not(sources: ModuleType) -> None:
    text = '"""About."""\n\nA = 1  # one\n\n\ndef f() -> str:\n    """Return a."""\n    # why\n    return "a"\n'
    other = text.replace("About", "Of").replace("Return a.", "Give a.\n\n    More.").replace("# why", "# because")
    assert sources._code(text) == sources._code(other)
    assert sources._code(text) != sources._code(text.replace("A = 1", "A = 2"))


def test_what_a_figure_uses_is_part_of_it(sources: ModuleType) -> None:
    used = {path.name for path in sources._closure("cna_viz.figures.plots.accuracy_by_depth")}
    assert {"accuracy_by_depth.py", "accuracy_by_setting.py", "theme.py", "intervals.py", "tables.py"} <= used
    assert "claims.py" not in used
