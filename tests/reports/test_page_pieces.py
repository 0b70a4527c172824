"""The pieces of a page: maths, markdown, tables, figures; whatever a value holds, it stays text."""

import json
from typing import Any

import pytest

from cna_viz.files import finite
from cna_viz.reports.page.markdown import Renderer, plain, to_mathml
from cna_viz.reports.page.outputs import OutputRenderer, clean_table


def block(mime: str, value: object) -> Any:
    return OutputRenderer(Renderer()).block({"output_type": "display_data", "data": {mime: value}})


@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        (r"\frac{a}{b}", "<mfrac>"),
        (r"\|x\|", "\u2016"),
        (r"\begin{aligned} a &= b \\ c &= d \end{aligned}", "<mtable"),
        (r"\begin{equation} x \end{equation}", "<mi>x</mi>"),
    ],
)
def test_maths_becomes_mathml(latex: str, expected: str) -> None:
    assert expected in to_mathml(latex, display=True)


@pytest.mark.parametrize(
    "latex",
    [
        r"\text{<script>alert(1)</script>}",
        r"\href{javascript:alert(1)}{x}",
        r"\style{position:fixed}{x}",
        "<img src=x>",
    ],
)
def test_maths_can_carry_neither_tags_nor_links(latex: str) -> None:
    made = to_mathml(latex, display=False)
    assert not [word for word in ("<script", "href", "style=", "<img") if word in made]


@pytest.mark.parametrize("latex", ["", "x_", r"\left( a", r"\frac", "{" * 5000])
def test_maths_that_is_none_stays_readable(latex: str) -> None:
    assert to_mathml(latex, display=True).startswith(("<code", "<math"))


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("`$x$`", "<p><code>$x$</code></p>\n"),
        ("```\n$x$\n```", "<pre><code>$x$\n</code></pre>\n"),
        (r"costs \$5", "<p>costs $5</p>\n"),
        ("&lt;b&gt; & 1 < 2", "<p>&lt;b&gt; &amp; 1 &lt; 2</p>\n"),
        ("H<sub>2</sub>O", "<p>H<sub>2</sub>O</p>\n"),
        ("open <b>x", "<p>open &lt;b&gt;x</p>\n"),
        ("<b onclick=alert(1)>x</b>", "<p>&lt;b onclick=alert(1)&gt;x&lt;/b&gt;</p>\n"),
        ("<script>x</script>", "<div>&lt;script&gt;x&lt;/script&gt;\n</div>\n"),
        ("[x](javascript:alert(1))", '<p><a href="#harmful-link">x</a></p>\n'),
        ("![a *b*](http://e.example/x.png)", "<p><em>[image: a b]</em></p>\n"),
        ("## A & B", '<h2 id="section-1">A &amp; B</h2>\n'),
    ],
)
def test_markdown(markdown: str, expected: str) -> None:
    assert Renderer().render(markdown) == expected


def test_an_attached_image_is_inlined() -> None:
    made = Renderer().render("![a](attachment:x.png)", {"x.png": {"image/png": "QUJD"}})
    assert made == '<p><img src="data:image/png;base64,QUJD" alt="a"></p>\n'


def test_plain_text_of_rendered_html() -> None:
    assert plain("a <em>b\n</em> &amp; c") == "a b & c"


def test_tables_lose_style_and_scripts_and_align_numbers() -> None:
    source = (
        "<style scoped>td{}</style><table border=1 class=dataframe><thead><tr style='x'><th></th><th>slot</th>"
        "<th>n</th></tr></thead><tbody><tr><th>0</th><td>relu<script>alert(1)</script></td><td>1.5</td></tr>"
        "<tr><th>1</th><td onclick=x>&lt;b&gt;</td><td>NaN</td></tr></tbody></table>"
    )
    made = clean_table(source)
    assert not [word for word in ("style", "script", "onclick", "border", "alert") if word in made]
    assert '<td class="number">1.5</td>' in made
    assert '<th class="number">n</th>' in made
    assert "<td>&lt;b&gt;</td>" in made


def test_a_figure_is_its_json_in_a_box_of_the_pages_width() -> None:
    figure = {"data": [{"y": [1, float("nan")], "name": "</script>"}], "layout": {"width": 2000, "height": 300}}
    made = block("application/vnd.plotly.v1+json", figure)
    assert made.kind == "figure"
    assert 'id="figure-1"' in made.html
    assert "height:300px" in made.html
    text = made.html.partition('id="figure-1-data">')[2].removesuffix("</script>")
    assert "<" not in text
    drawn = json.loads(text)
    assert drawn["data"] == [{"y": [1, None], "name": "</script>"}]
    assert drawn["layout"] == {"height": 300}


def test_a_figures_label_is_its_title_as_text() -> None:
    made = block("application/vnd.plotly.v1+json", {"data": [], "layout": {"title": {"text": '<b>A</b> "B"'}}})
    assert 'aria-label="A &quot;B&quot;"' in made.html


@pytest.mark.parametrize(
    ("mime", "value", "kind", "part"),
    [
        ("text/plain", "\x1b[31m<b>\x1b[0m", "printed", "<pre>&lt;b&gt;</pre>"),
        ("text/latex", "$x^2$", "prose", "<msup>"),
        ("image/png", "QU\nJD", "image", 'src="data:image/png;base64,QUJD"'),
        ("image/svg+xml", ["<svg>", "</svg>"], "image", 'src="data:image/svg+xml;base64,PHN2Zz48L3N2Zz4="'),
        ("application/vnd.jupyter.widget-view+json", {}, "note", "interactive widget"),
    ],
)
def test_other_outputs(mime: str, value: object, kind: str, part: str) -> None:
    made = block(mime, value)
    assert made.kind == kind
    assert part in made.html


@pytest.mark.parametrize("mime", ["application/vnd.cna-viz.summary+json", "application/javascript", "application/pdf"])
def test_outputs_that_are_not_shown(mime: str) -> None:
    assert block(mime, {}) is None


def test_streams_show_the_last_state_of_a_line_and_no_stderr() -> None:
    renderer = OutputRenderer(Renderer())
    shown = renderer.block({"output_type": "stream", "name": "stdout", "text": "10 %\r20 %\r\nnext\n"})
    assert shown is not None
    assert shown.html == "<pre>20 %\nnext</pre>"
    assert renderer.block({"output_type": "stream", "name": "stderr", "text": "warning"}) is None


def test_json_has_no_nan() -> None:
    assert finite({"a": [float("nan"), (1.5, float("-inf"))], 2: "x"}) == {"a": [None, [1.5, None]], "2": "x"}
