"""The rationals of a record: the functions of the modules, over the values that were counted."""

from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Literal

import numpy as np
import pytest
import torch
import xarray as xr

from cna_viz.analysis.sentences.slot_findings import rational_movement_findings
from cna_viz.analysis.tables.rational import CENTERS, evaluate, rational_curves, rational_movement
from cna_viz.config import ModelConfig, RecordingConfig, RunConfig, WatchedConfig
from cna_viz.errors import UsageError
from cna_viz.nn.rational import RELU_DENOMINATOR, RELU_NUMERATOR, Rational
from cna_viz.recording.slots import histogram
from cna_viz.records.record import Record
from cna_viz.records.schema import HISTOGRAM_BINS
from cna_viz.records.synthetic import synthetic_record

Array = np.ndarray
Build = Callable[..., Record]
Count = Callable[[Array], None]


@pytest.fixture
def build(tmp_path: Path) -> Build:
    """Return what writes a synthetic record of three layers and, with clusters, three of them."""

    def build(slot: str = "cna", snapshots: str = "ends") -> Record:
        model = ModelConfig(slot=slot, layers=3, hidden=4, **({"clusters": 3} if slot == "cna" else {}))
        recording = RecordingConfig.model_validate({"snapshots": snapshots})
        return synthetic_record(tmp_path, RunConfig(model=model, recording=recording), nodes=12)

    return build


@pytest.fixture
def count(monkeypatch: pytest.MonkeyPatch) -> Count:
    """Return what puts counts in the place of the histogram of every record."""
    original = Record.layer_variable

    def count(counts: Array) -> None:
        def layer_variable(self: Record, name: str, layer: int, epoch: int | None = None) -> xr.DataArray | None:
            if name == "slot_input_histogram":
                return xr.DataArray(counts, dims=("cluster", "bin"))
            return original(self, name, layer, epoch)

        monkeypatch.setattr(Record, "layer_variable", layer_variable)

    return count


def test_a_function_by_hand() -> None:
    # (1 + 2z + 3z²) / (1 + |-z| + |0.5 z²|)
    value = evaluate(np.array([[1.0, 2.0, 3.0]]), np.array([[-1.0, 0.5]]), np.array([0.0, 1.0, -2.0]))
    np.testing.assert_allclose(value, [[1, 6 / 2.5, 9 / 5]])


def test_evaluating_is_what_the_module_computes() -> None:
    rational = Rational(clusters=5).double()
    rng = np.random.default_rng(0)
    for parameter in rational.parameters():
        parameter.data += torch.from_numpy(rng.standard_normal(parameter.shape))
    numerator, denominator = (parameter.detach().numpy() for parameter in rational.parameters())
    assert (denominator < 0).any()
    z = np.concatenate([[0.0, 1.0, -1.0], rng.uniform(-100, 100, 200), rng.uniform(-1, 1, 200)])
    with torch.no_grad():
        expected = rational(torch.from_numpy(z).repeat(5, 1), torch.arange(5)).numpy()
    np.testing.assert_allclose(evaluate(numerator, denominator, z), expected, rtol=1e-10, atol=1e-10)


def test_the_start_of_a_slot_is_close_to_relu() -> None:
    z = np.linspace(-3, 3, 121)
    value = evaluate(np.array([RELU_NUMERATOR]), np.array([RELU_DENOMINATOR]), z)
    np.testing.assert_allclose(value[0], np.maximum(z, 0), atol=0.05)


def test_centers_are_the_middles_of_the_bins_that_are_counted() -> None:
    assert CENTERS.shape == (HISTOGRAM_BINS,)
    np.testing.assert_allclose(np.diff(CENTERS), 0.2)
    one_each = histogram(torch.from_numpy(CENTERS)[None], torch.zeros(1, dtype=torch.long), 1)
    assert one_each.tolist() == [[1] * HISTOGRAM_BINS]
    for shift in (-0.099, 0.099):
        assert torch.equal(
            histogram(torch.from_numpy(CENTERS + shift)[None], torch.zeros(1, dtype=torch.long), 1), one_each
        )


@pytest.mark.parametrize("epoch", [None, 0])
@pytest.mark.parametrize("layer", [1, 2])
def test_curves_are_those_of_the_record(build: Build, layer: int, epoch: int | None) -> None:
    record = build()
    curves = rational_curves(record, layer, epoch)
    parts = [
        record.layer_variable(name, layer, epoch)
        for name in ("rational_numerator", "rational_denominator", "slot_input_histogram")
    ]
    numerator, denominator, counts = (part.values for part in parts if part is not None)
    np.testing.assert_array_equal(curves.z, CENTERS)
    np.testing.assert_array_equal(curves.y, evaluate(numerator, denominator, CENTERS))
    np.testing.assert_array_equal(curves.size, counts.sum(axis=1))
    np.testing.assert_allclose(curves.density * curves.size[:, None], counts)
    assert curves.y.shape == curves.density.shape == curves.lives.shape == (3, HISTOGRAM_BINS)


def test_the_epoch_and_the_layer_make_a_difference(build: Build) -> None:
    record = build()
    curves = [rational_curves(record, *where).y for where in ((1, None), (1, 0), (2, None))]
    assert not np.allclose(curves[0], curves[1])
    assert not np.allclose(curves[0], curves[2])
    np.testing.assert_array_equal(curves[0], rational_curves(record, 1, record.best_epoch).y)


def test_a_slot_without_clusters_has_one_function(build: Build) -> None:
    assert rational_curves(build("na"), 1).y.shape == (1, HISTOGRAM_BINS)


def scattered(seed: int) -> Array:
    """Return counts of three clusters: many and few values, dense and with gaps."""
    rng = np.random.default_rng(seed)
    filled = rng.random((3, HISTOGRAM_BINS)) < rng.choice([0.05, 0.5, 1])
    return rng.integers(0, rng.choice([2, 10, 10**6]), (3, HISTOGRAM_BINS)) * filled


@pytest.mark.parametrize("seed", range(30))
def test_where_a_rational_lives_is_one_piece_with_nearly_all_of_its_values(
    build: Build, count: Count, seed: int
) -> None:
    counts = scattered(seed)
    count(counts)
    curves = rational_curves(build(), 1)
    for cluster, size in enumerate(counts.sum(axis=1)):
        lives = np.flatnonzero(curves.lives[cluster])
        assert curves.density[cluster].sum() == pytest.approx(1 if size else 0)
        assert len(lives) > 0 or size == 0
        if size:
            assert lives.tolist() == list(range(lives[0], lives[-1] + 1))
            assert counts[cluster, lives].sum() >= 0.99 * size
            assert counts[cluster, : lives[0]].sum() <= 0.005 * size
            assert counts[cluster, lives[-1] + 1 :].sum() <= 0.005 * size


def test_outliers_are_not_where_a_rational_lives(build: Build, count: Count) -> None:
    counts = np.zeros((3, HISTOGRAM_BINS), np.int64)
    counts[0, [0, 40, 41, 81]] = [4, 496, 496, 4]
    counts[1, 17] = 1
    count(counts)
    curves = rational_curves(build(), 1)
    assert [np.flatnonzero(lives).tolist() for lives in curves.lives] == [[40, 41], [17], []]


@pytest.mark.filterwarnings("error")
def test_a_rational_without_values_has_a_curve_and_no_density(build: Build, count: Count) -> None:
    count(np.zeros((3, HISTOGRAM_BINS), np.int64))
    curves = rational_curves(build(), 1)
    assert np.isfinite(curves.y).all()
    assert not curves.density.any()
    assert not curves.lives.any()
    assert not curves.size.any()


@pytest.mark.parametrize("slot", ["none", "relu", "batchnorm", "c", "cn", "n"])
def test_slots_without_rationals_are_refused(build: Build, slot: str) -> None:
    record = build(slot)
    with pytest.raises(UsageError, match=f"slot '{slot}' of run {record.id} has no rational functions at layer 2"):
        rational_curves(record, 2)


def test_a_watched_network_without_rationals_is_refused(tmp_path: Path) -> None:
    watched = WatchedConfig(name="mine", model="Net", dataset="own graph", layers=2, key="0")
    with pytest.raises(UsageError, match=r"slot 'mine' of run .* has no rational functions"):
        rational_curves(synthetic_record(tmp_path, RunConfig(watched=watched)), 1)


@pytest.mark.parametrize("layer", [0, 3, 4])
def test_a_layer_without_a_slot_is_refused_with_those_there_are(build: Build, layer: int) -> None:
    with pytest.raises(UsageError, match=f"layer {layer} has no stage 'slot': layers are 1 to 3"):
        rational_curves(build(), layer)


def test_a_missing_snapshot_is_refused_with_those_there_are(build: Build) -> None:
    with pytest.raises(UsageError, match="no snapshot of epoch 3; snapshots kept: 0, 5"):
        rational_curves(build(), 1, epoch=3)
    with pytest.raises(UsageError, match="snapshots kept: none"):
        rational_curves(build(snapshots="none"), 1)


Held = Callable[..., None]


def write(folder: Path, slot: str = "cna", snapshots: Literal["log", "ends", "none"] = "log", **summary: Any) -> Record:
    model = ModelConfig(slot=slot, layers=3, hidden=4, **({"clusters": 3} if slot == "cna" else {}))
    config = RunConfig(model=model, recording=RecordingConfig(snapshots=snapshots))
    return synthetic_record(Path(mkdtemp(dir=folder)), config, nodes=30, **summary)


def moving(*steps: float, start: float = 1.0) -> dict[str, Any]:
    """Return constant functions: at epoch 0 ``start``, later so much more, by cluster; far to the right much more."""

    def numerator(layer: int, epoch: int) -> Any:
        coefficients = np.zeros((len(steps), 6))
        coefficients[:, 0] = start + np.array(steps) * (epoch > 0)
        return coefficients

    counts = np.zeros((len(steps), HISTOGRAM_BINS), int)
    counts[:, 30:50] = 5
    denominator = np.zeros((len(steps), 4))
    return {"rational_numerator": numerator, "rational_denominator": denominator, "slot_input_histogram": counts}


def test_functions_at_every_snapshot_are_those_of_the_record(tmp_path: Path) -> None:
    record = write(tmp_path)
    found = rational_movement(record, 2)
    assert (found.epochs, found.selected) == ((0, 1, 5), 5)
    for number, epoch in enumerate(found.epochs):
        np.testing.assert_array_equal(found.y[number], rational_curves(record, 2, epoch).y)
    np.testing.assert_array_equal(found.curves.density, rational_curves(record, 2).density)


def test_distances_by_hand(tmp_path: Path, held: Held) -> None:
    held(**moving(0.5, -2, 0))
    found = rational_movement(write(tmp_path), 1)
    np.testing.assert_allclose(found.change, [0.5, 2, 0])
    np.testing.assert_allclose(found.extent, [1, 1, 1])


def test_only_where_values_lie_counts(tmp_path: Path, held: Held) -> None:
    def numerator(layer: int, epoch: int) -> Any:
        return np.array([[0, 1.0 * (epoch > 0), 0, 0, 0, 0]])

    counts = np.zeros((1, HISTOGRAM_BINS), int)
    counts[0, [0, 45]] = 1, 999  # one value far away, beyond the middle 99 %
    held(rational_numerator=numerator, rational_denominator=np.zeros((1, 4)), slot_input_histogram=counts)
    np.testing.assert_allclose(rational_movement(write(tmp_path), 1).change, [CENTERS[45]])


@pytest.mark.filterwarnings("error")
def test_functions_without_values_have_no_distance(tmp_path: Path, held: Held) -> None:
    given = moving(0.5, 0.5)
    given["slot_input_histogram"][1] = 0
    held(**given)
    record = write(tmp_path)
    np.testing.assert_allclose(rational_movement(record, 1).change, [0.5, np.nan])
    assert rational_movement_findings(record, 1)[-1] == "1 function without a finite value"


def test_movement_is_said(tmp_path: Path, held: Held) -> None:
    held(**moving(0.5, -2, 0.2))
    assert rational_movement_findings(write(tmp_path), 1) == [
        "the functions moved between epoch 0 and epoch 5: by 0.9 on average, root mean square over the values (90 % of "
        "their own size there)",
        "that of cluster 1 moved most (2), that of cluster 2 least (0.2)",
    ]


def test_no_movement_is_said(tmp_path: Path, held: Held) -> None:
    held(**moving(0.02, 0.04))
    first, _ = rational_movement_findings(write(tmp_path), 1)
    assert first.startswith("the functions barely moved between epoch 0 and epoch 5: by 0.03 on average")


@pytest.mark.parametrize(
    ("change", "start", "words"),
    [
        ((0.05,), 1, "the function moved between epoch 0 and epoch 5: by 0.05, "),  # five per cent of its size
        ((0.049,), 1, "the function barely moved between"),
        ((0.0, 0.0), 1, "the functions did not move between epoch 0 and epoch 5: by 0 on average, "),
        ((0.0,), 0, "the function did not move between"),
    ],
)
def test_movement_at_the_ends(tmp_path: Path, held: Held, change: tuple[float, ...], start: float, words: str) -> None:
    held(**moving(*change, start=start))
    (sentence,) = rational_movement_findings(write(tmp_path), 1)
    assert sentence.startswith(words)


def test_no_function_moved_most_where_all_moved_alike(tmp_path: Path, held: Held) -> None:
    held(**moving(0.5, 0.5))
    assert len(rational_movement_findings(write(tmp_path), 1)) == 1


def test_functions_that_were_nothing_have_no_size(tmp_path: Path, held: Held) -> None:
    held(**moving(0.5, start=0))
    assert rational_movement_findings(write(tmp_path), 1) == [
        "the function moved between epoch 0 and epoch 5: by 0.5, root mean square over the values"
    ]


def test_the_first_model_has_not_moved(tmp_path: Path) -> None:
    record = write(tmp_path, best_epoch=0)
    assert rational_movement_findings(record, 1) == [
        "the selected model is the first snapshot (epoch 0): no function had moved yet"
    ]


def test_no_values_mean_nothing(tmp_path: Path, held: Held) -> None:
    held(slot_input_histogram=np.zeros((3, HISTOGRAM_BINS), int))
    (sentence,) = rational_movement_findings(write(tmp_path), 1)
    assert sentence.startswith("no finite value enters the rational functions")


def test_what_is_missing_is_refused(tmp_path: Path) -> None:
    for function in (rational_movement, rational_movement_findings):
        with pytest.raises(UsageError, match=r"'relu' of run .* has no rational functions"):
            function(write(tmp_path, "relu"), 1)
        with pytest.raises(UsageError, match="no slot after layer 3"):
            function(write(tmp_path), 3)
        with pytest.raises(UsageError, match="keeps no snapshots, so its functions are unknown: train with snapshots"):
            function(write(tmp_path, snapshots="none"), 1)
