"""The extensions of the site, each alone: report pages, fields of configs, formulas."""

from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any, Literal

import pytest
from annotated_types import Ge, Lt
from docutils import nodes
from pydantic import BaseModel, Field

from cna_viz.reports.notebooks.notebooks import list_reports
from docs.extensions import fields, front_page, mathml, report_pages


def checkout(tmp_path: Path, *made: str) -> Any:
    """Return what Sphinx says of a checkout in which some reports were made."""
    for report in made:
        (tmp_path / "reports" / report).mkdir(parents=True)
        (tmp_path / "reports" / report / "index.html").write_text(f"page of {report}")
    return SimpleNamespace(srcdir=tmp_path, outdir=tmp_path / "site", config=SimpleNamespace(root_doc="README"))


def test_reports_that_were_made_are_linked_and_copied_and_the_others_named(tmp_path: Path) -> None:
    app = checkout(tmp_path, "ablation", "no_report_of_ours")
    source = ["# Reports\n"]
    report_pages.add_list(app, report_pages.PAGE, source)
    assert '| `ablation` | <a href="../reports/ablation/index.html">open</a> |' in source[0]
    assert source[0].count("not made") == len(list_reports()) - 1
    assert "`cna-viz report oversmoothing`" in source[0]
    report_pages.add_pages(app, None)
    copied = [path.relative_to(app.outdir) for path in app.outdir.rglob("*.html")]
    assert copied == [Path("reports/ablation/index.html")]
    assert (app.outdir / copied[0]).read_text() == "page of ablation"


def test_other_pages_have_no_list_and_a_failed_build_no_copies(tmp_path: Path) -> None:
    app = checkout(tmp_path, "ablation")
    source = ["# Sweeps\n"]
    report_pages.add_list(app, "docs/sweeps", source)
    assert source == ["# Sweeps\n"]
    report_pages.add_pages(app, ValueError())
    assert not app.outdir.exists()


def test_the_front_page_lists_every_page_and_has_the_name_that_servers_ask_for(tmp_path: Path) -> None:
    app = checkout(tmp_path)
    source = ["# cna_viz\n"]
    front_page.add_contents(app, "README", source)
    assert source[0].count("```{toctree}") == len(front_page.CONTENTS)
    assert "\n/docs/sweeps\n" in source[0]
    assert "\n/CONTRIBUTING\n" in source[0]
    app.outdir.mkdir()
    (app.outdir / "README.html").write_text("front")
    front_page.add_index(app, None)
    assert (app.outdir / "index.html").read_text() == "front"


class Part(BaseModel):
    """What is in it."""


class Whole(BaseModel, use_attribute_docstrings=True):
    """A model with every kind of field."""

    count: Annotated[int, Ge(1), Lt(9)] = 2
    """How many: a number."""
    maybe: Annotated[float, Ge(0)] | None = None
    """May be missing."""
    choice: Literal["a", "b"]
    """One of two."""
    table: dict[str, list[Any]] = Field(default_factory=dict)
    """Values by name."""
    pair: tuple[int, ...] = (1,)
    """Numbers."""
    part: Part = Part()


def test_fields_become_arguments() -> None:
    lines = ["A model."]
    fields.add_fields(SimpleNamespace(), "class", "Whole", Whole, None, lines)  # type: ignore[arg-type]
    assert lines == [
        "A model.",
        "",
        "Args:",
        "    count (int, ≥ 1, < 9, default 2): How many: a number.",
        "    maybe (float or None, ≥ 0, default None): May be missing.",
        "    choice ('a' or 'b'): One of two.",
        "    table (dict[str, list[Any]], default {}): Values by name.",
        "    pair (tuple[int, ...], default (1,)): Numbers.",
        "    part (Part, default Part()): What is in it.",
        "",
    ]


def test_other_classes_and_functions_are_left_alone() -> None:
    for what, described in (("class", dict), ("function", len)):
        lines = ["As it was."]
        fields.add_fields(SimpleNamespace(), what, "name", described, None, lines)  # type: ignore[arg-type]
        assert lines == ["As it was."]
        assert fields.shorten(SimpleNamespace(), what, "name", described, None, "(x)", None) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(("node", "display"), [(nodes.math, "inline"), (nodes.math_block, "block")])
def test_formulas_are_mathml(node: type[nodes.TextElement], display: str) -> None:
    writer = SimpleNamespace(body=[])
    with pytest.raises(nodes.SkipNode):
        mathml.visit(writer, node(text=r"\frac{x}{2}"))  # type: ignore[arg-type]
    assert writer.body[0].startswith("<math")
    assert f'display="{display}"' in writer.body[0]
    assert "<mfrac>" in writer.body[0]
