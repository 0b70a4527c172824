"""Declared parameters are read as written; what is given is taken strictly or refused in one helpful line."""

import ast
from collections.abc import Callable
from pathlib import Path

import pytest

from cna_viz.errors import ReportError, UsageError
from cna_viz.reports.notebooks.parameters import Parameter, as_text, convert, read_parameters
from cna_viz.reports.notebooks.validate import setting
from cna_viz.reports.running.execute import _prepare

Write = Callable[..., Path]


def declare(annotation: str, default: object = None, name: str = "value") -> list[Parameter]:
    return [Parameter(name, annotation, default, "")]


def test_declarations_are_read_in_order_with_their_comments(write: Write) -> None:
    path = write(
        "01_a",
        parameters="depths: list[int] = [\n    2,\n    -4,\n]  # numbers of layers\n"
        'data: str | None = None\nx: bool = True  # "#"',
    )
    assert read_parameters(path) == [
        Parameter("depths", "list[int]", [2, -4], "numbers of layers"),
        Parameter("data", "str | None", None, ""),
        Parameter("x", "bool", True, '"#"'),
    ]


def test_a_notebook_without_a_parameter_cell_has_none(write: Write) -> None:
    assert read_parameters(write("01_a", "print(1)", parameters="")) == []


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("x = 3", "name: type = default"),
        ("import os", "name: type = default"),
        ("x: int", "name: type = default"),
        ("x.y: int = 3", "name: type = default"),
        ("x: int = f()", "malformed"),
        ("x: dict = {}", "list[int]"),
        ("x: int = 'a'", "x = 'a' is not of type int"),
        ("x: int = ", "invalid syntax"),
    ],
)
def test_a_parameter_cell_with_anything_else_is_refused(write: Write, source: str, said: str) -> None:
    with pytest.raises(ReportError, match="parameter cell") as caught:
        read_parameters(write("01_a", parameters=source))
    assert said in str(caught.value)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"cells": [{}]}', '{"cells": 3}', "\x00"])
def test_a_file_that_is_no_notebook_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "01_a.ipynb"
    path.write_text(text)
    with pytest.raises(ReportError, match="not a notebook"):
        read_parameters(path)


@pytest.mark.parametrize(
    ("annotation", "given", "expected"),
    [
        ("int", "8", 8),
        ("int", "-3", -3),
        ("int", 8, 8),
        ("float", "1e-3", 0.001),
        ("float", "5", 5.0),
        ("float", ".5", 0.5),
        ("float", 5, 5.0),
        ("bool", "true", True),
        ("bool", "False", False),
        ("str", "none", "none"),
        ("str", "", ""),
        ("str", " a b ", " a b "),
        ("str | None", "none", None),
        ("str | None", None, None),
        ("str | None", "x", "x"),
        ("None | int", "none", None),
        ("list[int]", "2,4, 8", [2, 4, 8]),
        ("list[int]", "[2, 4]", [2, 4]),
        ("list[int]", "2", [2]),
        ("list[int]", (2, 4), [2, 4]),
        ("list[int]", "[]", []),
        ("list[float]", "1,0.5", [1.0, 0.5]),
        ("list[float]", "[1, 0.5]", [1.0, 0.5]),
        ("list[str]", "relu,cna", ["relu", "cna"]),
        ("list[str]", '["a,b", ""]', ["a,b", ""]),
        ("list[int] | None", "none", None),
    ],
)
def test_values_are_taken(annotation: str, given: object, expected: object) -> None:
    value = convert(declare(annotation), {"value": given})["value"]
    assert value == expected
    assert type(value) is type(expected)


@pytest.mark.parametrize(
    ("annotation", "given"),
    [
        ("int", "2.0"),
        ("int", "1_000"),
        ("int", "٣"),
        ("int", ""),
        ("int", "none"),
        ("int", "9" * 5000),
        ("int", True),
        ("int", 2.0),
        ("float", "nan"),
        ("float", "inf"),
        ("float", "1e999"),
        ("float", "1_0.0"),
        ("float", float("inf")),
        ("float", False),
        ("bool", "yes"),
        ("bool", "1"),
        ("bool", 1),
        ("str", 3),
        ("str", "\udc80"),
        ("list[int]", "2,,4"),
        ("list[int]", ""),
        ("list[int]", "[2, true]"),
        ("list[int]", "[2, 4"),
        ("list[int]", "[" * 100_000),
        ("list[int]", ["2"]),
        ("list[int]", {2: 4}),
        ("list[float]", "[NaN]"),
        ("list[str]", "[1]"),
        ("str | None", 3),
    ],
)
def test_values_of_another_type_are_refused_with_an_example(annotation: str, given: object) -> None:
    with pytest.raises(UsageError, match=r"^parameter value = .* is not of type .*; an example: \S+$") as caught:
        convert(declare(annotation), {"value": given})
    assert annotation in str(caught.value)


def test_the_example_is_the_default() -> None:
    with pytest.raises(UsageError, match=r"an example: 2,32$"):
        convert(declare("list[int]", [2, 32]), {"value": "deep"})


@pytest.mark.parametrize("name", ["dpeth", "value; import os; os._exit(1); x", "value\n", "", "Value"])
def test_names_that_are_not_declared_are_refused_nearest_first(name: str) -> None:
    with pytest.raises(UsageError, match="unknown parameter of report 'all'") as caught:
        convert(declare("int", 1, "depth"), {name: "4"}, report="all")
    assert repr(name) in str(caught.value)
    assert "depth" in str(caught.value)


def test_what_is_not_given_keeps_its_default_and_the_declared_order() -> None:
    declared = [*declare("int", 1, "a"), *declare("int", 2, "b"), *declare("int", 3, "c")]
    assert list(convert(declared, {"c": "9", "a": "7"}).items()) == [("a", 7), ("b", 2), ("c", 9)]


@pytest.mark.parametrize(
    "value", [None, True, -3, 0.1, 1e-300, "a b", [2, 4], ["relu", "cna"], ["a,b", " c"], ["[x"], []]
)
def test_the_text_of_a_value_reads_back_as_the_value(value: object) -> None:
    kind = "str" if value is None else type(value).__name__
    if isinstance(value, list):
        kind = f"list[{type(value[0]).__name__ if value else 'int'}]"
    assert convert(declare(f"{kind} | None"), {"value": as_text(value)})["value"] == value


@pytest.mark.parametrize(
    ("name", "annotation", "given", "said"),
    [
        ("dataset", "str", "digts", "unknown dataset 'digts'; choices, nearest first: digits"),
        ("split", "str", "publik", "unknown split protocol 'publik'; choices, nearest first: public"),
        ("slots", "list[str]", "relu,cnaa", "unknown slot 'cnaa'; choices, nearest first: cna"),
        ("slots", "list[str]", "[]", "parameter slots is empty"),
        ("depths", "list[int]", "2,0", "parameter depths: layers = 0 is out of range: it must be at least 1"),
        ("depths", "list[int]", "[]", "parameter depths is empty"),
        ("seeds", "list[int]", "0,-1", "seed = -1 is out of range"),
        ("seeds", "list[int]", "[]", "parameter seeds is empty"),
        ("hidden", "int", "0", "hidden = 0 is out of range"),
        ("clusters", "int", "0", "clusters = 0 is out of range"),
        ("epochs", "int", "-1", "epochs = -1 is out of range"),
        ("lr", "float", "0", "lr = 0.0 is out of range: it must be greater than 0"),
        ("dropout", "float", "1", "dropout = 1.0 is out of range"),
    ],
)
def test_values_without_meaning_are_refused_in_the_words_of_the_config(
    name: str, annotation: str, given: str, said: str
) -> None:
    with pytest.raises(UsageError) as caught:
        convert(declare(annotation, None, name), {name: given})
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("lr", "lr"),
        ("clusters", "clusters"),
        ("slots", "slot"),
        ("depth", "layers"),
        ("depths", "layers"),
        ("runs", ""),
    ],
)
def test_a_parameter_is_bounded_by_the_setting_of_its_name(name: str, expected: str) -> None:
    assert setting(name) == expected


def test_a_split_that_the_dataset_lacks_is_refused_before_anything_runs() -> None:
    declared = [*declare("str", "cora", "dataset"), *declare("str", "public", "split")]
    assert convert(declared, {}) == {"dataset": "cora", "split": "public"}
    with pytest.raises(UsageError, match="split"):
        convert(declared, {"dataset": "karate"})


@pytest.mark.parametrize(
    "text",
    [
        "a\nimport os\nos.mkdir('made')",
        "a'; import os #",
        'a"""\nimport os\n"""',
        "a\\",
        "{0} %s ${x}",
        "a\r\nimport os",
        "\u2028import os",
    ],
)
def test_what_is_handed_over_is_a_value_and_never_code(write: Write, text: str) -> None:
    path = write("01_a", "print(word)", parameters="word: str = 'a'\nwords: list[str] = ['a']")
    values = convert(read_parameters(path), {"word": text, "words": [text, text]})
    (cell,) = [cell for cell in _prepare(path, values).cells if "injected-parameters" in cell.metadata.get("tags", [])]
    statements = ast.parse(cell.source).body
    assert all(isinstance(statement, ast.Assign) for statement in statements)
    said = {
        ast.unparse(one.targets[0]): ast.literal_eval(one.value) for one in statements if isinstance(one, ast.Assign)
    }
    assert said == {"word": text, "words": [text, text]}
