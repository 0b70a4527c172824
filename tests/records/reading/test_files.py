"""The forms of files: what was written comes back, and errors name the file."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load

from cna_viz.errors import RecordError
from cna_viz.records.reading.files import (
    parse_json,
    read_json,
    read_lines,
    sha256,
    tensors_to_bytes,
    to_json,
)


def test_numbers_that_are_not_finite_become_null() -> None:
    value = {
        "b": [1.5, math.nan, (math.inf, -math.inf)],
        "a": {"x": np.float64("nan"), "y": "NaN", "z": True, "n": None},
    }
    text = to_json(value)
    assert "\n" not in text
    assert json.loads(text) == {
        "b": [1.5, None, [None, None]],
        "a": {"x": None, "y": "NaN", "z": True, "n": None},
    }
    assert text.index('"a"') < text.index('"b"')


def test_floats_come_back_bit_by_bit() -> None:
    values = [0.1, 1e-320, 1.7976931348623157e308, -0.0, 2 / 3]
    again = json.loads(to_json(values))
    assert [math.copysign(1, value) for value in again] == [math.copysign(1, value) for value in values]
    assert again == values


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"{} {}", b"[1]", b"3", b"null"])
def test_what_is_no_json_object(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file.json"
    path.write_bytes(content)
    with pytest.raises(RecordError) as caught:
        read_json(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_files(tmp_path: Path) -> None:
    for read in (read_json, read_lines):
        with pytest.raises(RecordError, match="missing: not readable"):
            read(tmp_path / "missing")


def test_unfinished_last_line_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    whole = b'{"epoch": 0}\n{"epoch": 1}\n'
    for rest, count in [(b"", 2), (b'{"epo', 2), (b'{"epoch": 2}', 2), (b'{"epoch": 2}\n', 3), (b"\xff", 2)]:
        path.write_bytes(whole + rest)
        assert read_lines(path) == [{"epoch": epoch} for epoch in range(count)]


def test_every_truncation_gives_a_beginning(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    content = b"".join(f'{{"epoch": {epoch}}}\n'.encode() for epoch in range(12))
    for size in range(len(content) + 1):
        path.write_bytes(content[:size])
        assert read_lines(path) == [{"epoch": epoch} for epoch in range(content[:size].count(b"\n"))]


@pytest.mark.parametrize("line", [b"{", b"[]", b"3", b"", b"\xff"])
def test_bad_line_is_named(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "lines"
    path.write_bytes(b"{}\n" + line + b"\n{}\n")
    with pytest.raises(RecordError, match="lines, line 2: not"):
        read_lines(path)


def test_tensors_come_back() -> None:
    tensors = {
        "half": np.array([[1.5, -np.inf], [np.nan, 0]], dtype=np.float16),
        "int": np.arange(6, dtype=np.int32).reshape(2, 3),
        "turned": np.arange(6.0).reshape(2, 3).T,
        "strided": np.arange(10)[::3],
        "empty": np.zeros((0, 4), dtype=np.float32),
        "byte": np.array([0, -3], dtype=np.int8),
    }
    again = load(tensors_to_bytes(tensors))
    assert again.keys() == tensors.keys()
    for name, array in tensors.items():
        assert again[name].dtype == array.dtype
        assert np.array_equal(again[name], array, equal_nan=array.dtype.kind == "f"), name


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b'{"a": 1, "b": 2, "a": 3}', "'a' occurs twice"),
        (b'{"a": {"b": NaN}}', "NaN is not a JSON number"),
        (b'{"a": [-Infinity]}', "-Infinity is not a JSON number"),
        (b'{"a": [1e999]}', "a number is not finite"),
        (b'{"a": 18446744073709551616}', "an integer has more than 64 bits"),
        (b'{"a": ' + b"9" * 5000 + b"}", "Exceeds the limit"),
        (b'{"a": "\\ud800"}', "surrogates not allowed"),
        (b'{"\\udfff": 1}', "surrogates not allowed"),
        (b'{"a": "\xed\xa0\x80"}', "can't decode byte"),
        ('{"a": 1}'.encode("utf-16"), "can't decode byte"),
        (b'{"a": ' + b"[" * 16 + b"]" * 16 + b"}", "nested too deeply"),
        (b'{"a": ' + b"[" * 900 + b"]" * 900 + b"}", "nested too deeply"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_what_json_can_say_and_no_record_does(content: bytes, why: str) -> None:
    with pytest.raises(RecordError, match=r"^here: not the JSON of a record \(") as caught:
        parse_json(content, "here")
    assert why in str(caught.value)
    assert str(caught.value).isprintable()


def test_sha256() -> None:
    assert sha256(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
