"""Chained UMAP: reproducible, kept, and silent about what it can't show."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from cna_viz.analysis.positions import methods
from cna_viz.analysis.positions.projection import Projection, relative_spread

Array = np.ndarray
CLASSES = np.arange(60) % 3


def blobs() -> Array:
    rng = np.random.default_rng(0)
    return (4 * rng.standard_normal((3, 5))[CLASSES] + rng.standard_normal((60, 5))).astype(np.float32)


@dataclass
class Made:
    """Two projections of the same layers, each with a cache of its own."""

    layers: list[Array]
    first: list[Projection]
    second: list[Projection]
    caches: tuple[Path, Path]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Blobs, a constant layer, the blobs mirrored, a layer with one NaN; once for all, as UMAP compiles for seconds."""
    broken = blobs()
    broken[7, 1] = np.nan
    layers = [blobs(), np.ones((60, 5), dtype=np.float32), -blobs(), broken]
    caches = tmp_path_factory.mktemp("one"), tmp_path_factory.mktemp("two")
    first, second = (methods.umap_layers(layers, cache / "projections") for cache in caches)
    return Made(layers, first, second, caches)


@pytest.fixture
def no_umap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing be projected anew."""

    def fail(*arguments: object) -> None:
        raise AssertionError("projected anew")

    monkeypatch.setattr(methods, "_embed", fail)


def test_two_calls_give_the_same_bits(made: Made) -> None:
    for one, other in zip(made.first, made.second, strict=True):
        assert one.positions.tobytes() == other.positions.tobytes()


def test_positions_are_centered_with_radius_one(made: Made) -> None:
    for number in (0, 2):
        positions = made.first[number].positions
        assert positions.shape == (60, 2)
        np.testing.assert_allclose(positions.mean(axis=0), 0, atol=1e-5)
        assert np.sqrt(np.square(positions).sum(axis=1).mean()) == pytest.approx(1, rel=1e-4)


def test_blobs_stay_apart_and_the_next_layer_starts_from_the_one_before(made: Made) -> None:
    first, _, third, _ = made.first
    for projection in (first, third):
        groups = [projection.positions[number == CLASSES] for number in range(3)]
        centers = np.array([group.mean(axis=0) for group in groups])
        inside = max(np.linalg.norm(g - c, axis=1).mean() for g, c in zip(groups, centers, strict=True))
        between = min(np.linalg.norm(centers[i] - centers[j]) for i, j in ((0, 1), (0, 2), (1, 2)))
        assert between > 2 * inside
    # the same neighbours, started from the same places: the picture stays where it was
    assert np.corrcoef(first.positions.ravel(), third.positions.ravel())[0, 1] > 0.8


def test_a_collapsed_layer_is_flagged_and_not_projected(made: Made) -> None:
    assert [projection.collapsed for projection in made.first] == [False, True, False, False]
    assert not made.first[1].positions.any()


def test_a_layer_that_is_not_finite_has_no_place(made: Made) -> None:
    assert np.isnan(made.first[3].positions).all()
    assert np.isnan(made.first[3].spread)


def test_spread_is_that_of_the_features_and_nothing_is_explained(made: Made) -> None:
    for number in (0, 1, 2):
        assert made.first[number].spread == relative_spread(made.layers[number])
    assert all(np.isnan(projection.explained) for projection in made.first)


@pytest.mark.usefixtures("no_umap")
def test_a_second_call_reads_what_was_kept(made: Made) -> None:
    again = methods.umap_layers(made.layers, made.caches[0] / "projections")
    for one, other in zip(made.first, again, strict=True):
        assert one.positions.tobytes() == other.positions.tobytes()
        assert (one.collapsed, np.isnan(one.spread)) == (other.collapsed, np.isnan(other.spread))
    assert len(list((made.caches[0] / "projections").iterdir())) == 1  # and no temporary file was left


@pytest.mark.usefixtures("no_umap")
def test_other_features_or_parameters_are_projected_anew(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AssertionError, match="projected anew"):
        methods.umap_layers(made.layers[:1], made.caches[0] / "projections")
    monkeypatch.setitem(methods.PARAMETERS, "min_dist", 0.2)
    with pytest.raises(AssertionError, match="projected anew"):
        methods.umap_layers(made.layers, made.caches[0] / "projections")


@pytest.mark.usefixtures("no_umap")
def test_the_cache_is_in_the_folder_of_the_environment_variable(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CNA_VIZ_CACHE", str(made.caches[1]))
    assert methods.umap_layers(made.layers)[0].positions.tobytes() == made.first[0].positions.tobytes()


@pytest.mark.usefixtures("no_umap")
def test_constant_layers_need_no_umap(tmp_path: Path) -> None:
    projections = methods.umap_layers([np.zeros((20, 3)), np.ones((20, 2))], tmp_path)
    assert [projection.collapsed for projection in projections] == [True, True]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_collapsed_first_layer_does_not_hide_the_next(made: Made, tmp_path: Path) -> None:
    _, second = methods.umap_layers([made.layers[1], made.layers[0]], tmp_path)
    assert np.isfinite(second.positions).all()


def test_a_damaged_file_in_the_cache_is_made_anew(made: Made, tmp_path: Path) -> None:
    methods.umap_layers(made.layers[1:2], tmp_path)
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(kept.read_bytes()[:50])
    assert methods.umap_layers(made.layers[1:2], tmp_path)[0].collapsed
