"""Kept arrays: read when nothing changed, made anew when anything did or the file is damaged."""

from pathlib import Path

import numpy as np

from cna_viz.analysis.positions.kept import kept_array, look_up


def test_what_was_computed_is_read_and_what_differs_is_computed(tmp_path: Path) -> None:
    asked = []

    def compute() -> np.ndarray:
        asked.append(None)
        return np.array([len(asked)], dtype=np.float32)

    source = np.arange(6)
    assert kept_array(tmp_path / "new", [source], 1, compute).tolist() == [1]
    assert kept_array(tmp_path / "new", [source.copy()], 1, compute).tolist() == [1]
    others = ([source.reshape(2, 3)], [source.astype(np.int32)], [source, source], [source[::-1]], [])
    for number, sources in enumerate(others, start=2):
        assert kept_array(tmp_path / "new", sources, 1, compute).tolist() == [number]
    assert kept_array(tmp_path / "new", [source], 2, compute).tolist() == [len(others) + 2]


def test_a_damaged_file_is_made_anew(tmp_path: Path) -> None:
    kept_array(tmp_path, [], 1, lambda: np.zeros(3))
    (path,) = tmp_path.iterdir()
    for content in (path.read_bytes()[:50], b"", b"no archive"):
        path.write_bytes(content)
        assert kept_array(tmp_path, [], 1, lambda: np.ones(3)).tolist() == [1, 1, 1]


def test_what_was_kept_is_looked_up_without_computing(tmp_path: Path) -> None:
    source, parameters = np.arange(3), ("a", 1)
    assert look_up(tmp_path, [source], parameters) is None
    kept_array(tmp_path, iter([source]), parameters, lambda: np.eye(2))
    np.testing.assert_array_equal(look_up(tmp_path, [source], parameters), np.eye(2))
    assert look_up(tmp_path, [source], ("a", 2)) is None
