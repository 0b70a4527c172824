"""Descriptions in YAML: a dictionary, or one line that says what is wrong and where."""

import os
from pathlib import Path

import pytest

from cna_viz import descriptions
from cna_viz.errors import UsageError


def test_a_dictionary_is_what_stands_there() -> None:
    assert descriptions.parse("a: [1, 2.5]\nb: {c: yes}", "x.yaml", "a thing", ["a"]) == {
        "a": [1, 2.5],
        "b": {"c": True},
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "x.yaml, line 1: not YAML"),
        ("a: 1\nb: c: d", "x.yaml, line 2: not YAML"),
        ("!!python/object:os.system {}", "x.yaml, line 1: not YAML"),
        ("", "x.yaml: a thing needs some of the keys a, b"),
        ("just words", "x.yaml: a thing needs some of the keys a, b"),
        ("[" * 5000, "x.yaml"),
        ("a: *unknown", "x.yaml, line 1: not YAML"),
    ],
)
def test_what_is_no_dictionary_is_refused(text: str, message: str) -> None:
    with pytest.raises(UsageError) as refused:
        descriptions.parse(text, "x.yaml", "a thing", ["a", "b"])
    assert str(refused.value).startswith(message)
    assert "\n" not in str(refused.value)


def test_items_know_their_lines() -> None:
    text = "first:\n  - 1\nsecond:\n  - {a: 1}\n\n  # a word\n  - b: 1\n    c: 2\n  - 3\n"
    assert descriptions.lines_of(text, "second") == [4, 7, 9]
    assert descriptions.lines_of(text, "first") == [2]
    assert descriptions.lines_of(text, "third") == []
    assert descriptions.lines_of("a: 1", "a") == []


def test_files_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("a: ü")
    assert descriptions.read_text(path, "a thing") == "a: ü"
    path.write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(UsageError, match=r"x\.yaml: not a text file in UTF-8"):
        descriptions.read_text(path, "a thing")
    path.write_text("#" * (descriptions.MOST_BYTES + 1))
    with pytest.raises(UsageError, match="too large for a thing: at most 1000000 bytes"):
        descriptions.read_text(path, "a thing")
    with pytest.raises(UsageError, match="can't be read: No such file or directory"):
        descriptions.read_text(tmp_path / "nowhere", "a thing")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: !!bool maybe", "x.yaml, line 2: not YAML ('maybe' is not a valid bool)"),
        ("a: 2024-99-99", "x.yaml, line 1: not YAML ('2024-99-99' is not a valid timestamp)"),
        ("a: !!timestamp x", "x.yaml, line 1: not YAML ('x' is not a valid timestamp)"),
        ("a: !!int ''", "x.yaml, line 1: not YAML ('' is not a valid int)"),
        (f"a: {'9' * 5000}", "x.yaml, line 1: not YAML"),
    ],
)
def test_a_value_that_is_none_of_its_kind_has_its_place_said(text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        descriptions.parse_any(text, "x.yaml")
    assert str(caught.value).startswith(message)
    assert len(str(caught.value)) < 300


def test_what_only_begins_like_a_power_of_ten_is_a_word() -> None:
    assert descriptions.parse_any("[1e4x, 1e4, 1e-4]", "x.yaml") == ["1e4x", 1e4, 1e-4]


def test_a_key_that_stands_twice_is_refused() -> None:
    with pytest.raises(UsageError, match=r"x.yaml, line 3: not YAML .the key 'a' occurs twice"):
        descriptions.parse_any("a: 1\nb: 2\na: 3", "x.yaml")


@pytest.mark.parametrize("inner", ["[{0}, {0}, {0}, {0}]", "{{<<: [{0}, {0}]}}", "{{x: {0}, y: {0}}}"])
def test_a_few_lines_that_stand_for_millions_of_values_are_refused(inner: str) -> None:
    lines = ["a0: &a0 {k: 1}", *(f"a{level}: &a{level} {inner.format(f'*a{level - 1}')}" for level in range(1, 40))]
    with pytest.raises(UsageError, match="it expands to more than 100000 values"):
        descriptions.parse_any("\n".join(lines), "x.yaml")


def test_a_value_that_holds_itself_is_refused() -> None:
    with pytest.raises(UsageError, match="a value contains itself"):
        descriptions.parse_any("a: &a [1, *a]", "x.yaml")


@pytest.mark.parametrize("kind", ["fifo", "device", "folder", "unending file"])
def test_what_is_no_file_or_has_no_end_is_refused_before_it_is_read(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "x.yaml"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "folder":
        path.mkdir()
    else:
        with path.open("wb") as file:
            file.truncate(2**34)
    with pytest.raises(UsageError, match=r"not a regular file; save a thing to one first|at most 1000000 bytes"):
        descriptions.read_text(path, "a thing")


def test_a_path_with_nul_is_refused() -> None:
    with pytest.raises(UsageError, match="can't be read: embedded null byte"):
        descriptions.read_text(Path("a\0b"), "a thing")


@pytest.mark.parametrize("text", [r'name: "\ud800"', r'"\ud800": 1', r'a: [1, {b: "x\0"}]', r'a: "\udcff.yaml"'])
def test_text_that_no_file_can_hold_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"x\.yaml, line 1: not YAML .*contains a NUL or a lone surrogate"):
        descriptions.parse_any(text, "x.yaml")


def test_letters_beyond_the_first_plane_are_text() -> None:
    assert descriptions.parse_any(r'a: "\U0001F600 ü"', "x.yaml") == {"a": "\U0001f600 ü"}
