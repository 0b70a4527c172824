"""Descriptions in YAML: a dictionary, or one line that says what is wrong and where."""

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
    with pytest.raises(UsageError, match="too large for a thing: 1000001 bytes, at most 1000000"):
        descriptions.read_text(path, "a thing")
    with pytest.raises(UsageError, match="can't be read: No such file or directory"):
        descriptions.read_text(tmp_path / "nowhere", "a thing")
