"""pyproject.toml, constraints.txt, environment.yml, CONTRIBUTING.md and CHANGELOG.md say the same."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

import cna_viz

ROOT = Path(__file__).parents[1]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
NEEDED = ("torch", "torch-geometric", "jupyterlab", "plotly", "umap-learn", "networkx", "papermill", "ipywidgets")
"""What was asked for by name."""


def requirements(lines: list[str]) -> dict[str, Requirement]:
    """Return the requirements by canonical name; no name may stand there twice."""
    found = [Requirement(line) for line in lines]
    named = {str(canonicalize_name(requirement.name)): requirement for requirement in found}
    assert len(named) == len(found), "a name stands there twice"
    return named


def pin(requirement: Requirement) -> Version:
    """Return the one version that a requirement allows; fails where it allows others."""
    (only,) = requirement.specifier
    assert only.operator == "==", f"{requirement} is no pin"
    assert "*" not in only.version, f"{requirement} is no pin"
    return Version(only.version)


def constraints() -> dict[str, Requirement]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return requirements([line for line in lines if line.strip() and not line.startswith("#")])


def environment() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    return loaded


def conda_packages() -> dict[str, str]:
    """Return what conda itself supplies, name to version as written."""
    plain = [entry for entry in environment()["dependencies"] if isinstance(entry, str)]
    return {name: version for name, _, version in (entry.partition("=") for entry in plain)}


def pip_packages() -> dict[str, Requirement]:
    (pip,) = [entry["pip"] for entry in environment()["dependencies"] if isinstance(entry, dict)]
    return requirements([line for line in pip if not line.startswith("-")])


RUNTIME = requirements(PROJECT["dependencies"])
DEVELOPMENT = requirements(EXTRAS["dev"])


def test_every_line_of_constraints_is_a_pin() -> None:
    for requirement in constraints().values():
        pin(requirement)


@pytest.mark.parametrize("name", sorted(RUNTIME | DEVELOPMENT))
def test_every_dependency_is_pinned_within_its_range(name: str) -> None:
    requirement = (RUNTIME | DEVELOPMENT)[name]
    assert name in constraints(), f"{name} is missing in constraints.txt"
    version = pin(constraints()[name])
    assert requirement.specifier.contains(version, prereleases=True), f"{requirement} does not allow {version}"


@pytest.mark.parametrize("name", sorted(RUNTIME))
def test_the_conda_environment_has_every_runtime_dependency_with_the_same_pin(name: str) -> None:
    assert name in pip_packages(), f"{name} is missing in environment.yml"
    assert pin(pip_packages()[name]) == pin(constraints()[name])


def test_the_conda_environment_pins_nothing_else() -> None:
    assert {name: pin(requirement) for name, requirement in pip_packages().items()} == {
        name: pin(constraints()[name]) for name in pip_packages()
    }
    assert set(conda_packages()) == {"python", "pip"}
    assert environment()["channels"] == ["conda-forge", "nodefaults"]


@pytest.mark.parametrize("name", NEEDED)
def test_what_was_asked_for_is_everywhere(name: str) -> None:
    assert name in RUNTIME
    assert name in constraints()
    assert name in pip_packages()


def test_torch_is_2_13() -> None:
    assert pin(constraints()["torch"]) == pin(pip_packages()["torch"]) == Version("2.13.0")


def test_pythons_agree() -> None:
    supported = SpecifierSet(PROJECT["requires-python"])
    assert supported.contains(conda_packages()["python"].lstrip("="))
    assert supported.contains(".".join(map(str, sys.version_info[:3])))


def test_the_version_is_the_same_everywhere() -> None:
    headings = re.findall(r"^## \[?v?(\d[^\s\]]*)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))["version"]
    assert cna_viz.__version__ == cited == headings[0]
    assert PROJECT["dynamic"] == ["version"]  # hatch reads it from the package
    assert [Version(heading) for heading in headings] == sorted(map(Version, headings), reverse=True)


def test_every_dependency_is_justified_and_nothing_else() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = re.search(r"^## Why each dependency$(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert section, "CONTRIBUTING.md has no section 'Why each dependency'"
    rows = re.findall(r"^\| *(`.*?) *\| *(.*?) *\|$", section[1], re.MULTILINE)
    justified = {name: reason for names, reason in rows for name in re.findall(r"`([^`]+)`", names)}
    everything = {*RUNTIME, *(name for lines in EXTRAS.values() for name in requirements(lines))}
    assert set(justified) == everything
    assert all(justified.values())


def test_the_package_is_typed() -> None:
    assert (Path(cna_viz.__file__).parent / "py.typed").is_file()
    assert "Typing :: Typed" in PROJECT["classifiers"]


def test_the_readme_and_the_licence_are_there() -> None:
    assert (ROOT / PROJECT["readme"]).read_text(encoding="utf-8").startswith("# ")
    assert all((ROOT / name).is_file() for name in PROJECT["license-files"])


def imported() -> Iterator[str]:
    """Yield the top-level name of every import in the package that is neither ours nor Python's."""
    for path in Path(cna_viz.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                modules = [node.module or ""]
            for name in (module.partition(".")[0] for module in modules):
                if name not in sys.stdlib_module_names and name != "cna_viz":
                    yield name


@cache
def distributions() -> Mapping[str, list[str]]:
    """Return which packages supply what can be imported; looking through all of them takes a second."""
    return packages_distributions()


@pytest.mark.parametrize("name", sorted(set(imported())))
def test_what_is_imported_is_declared(name: str) -> None:
    suppliers = {str(canonicalize_name(supplier)) for supplier in distributions()[name]}
    extras = requirements([line for name, lines in EXTRAS.items() if name != "dev" for line in lines])
    assert suppliers & {*RUNTIME, *extras}, f"{name} comes from {suppliers}, which pyproject.toml does not name"
