"""Watching a network of somebody else: the training is the same, and the record shows what there was."""

import contextlib
import errno
import json
import warnings
from collections.abc import Callable
from copy import deepcopy
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from torch_geometric.nn import DeepGCNLayer, GCNConv, LayerNorm
from torch_geometric.nn.models import GAT, GCN, GIN, GraphSAGE

import cna_viz
from cna_viz import figures
from cna_viz.config import vocabulary
from cna_viz.config.vocabulary import DEFAULT_MEASURES
from cna_viz.errors import RecordError, UsageError
from cna_viz.experiments.leftovers import find_leftovers, remove
from cna_viz.nn.replace import replace_activations
from cna_viz.recording.watch import watch
from cna_viz.records.listing import list_runs
from cna_viz.records.reading.integrity import is_complete
from cna_viz.records.record import load_record
from cna_viz.records.verify import find_problems
from cna_viz.records.writing.writer import RecordWriter, SnapshotStream
from tests.recording.helpers import NODES, hooks, karate_data, loop, states_equal

EDGES = karate_data().edge_index
pytestmark = pytest.mark.filterwarnings("ignore:the weights are the same in all")  # many tests close epochs alone


class Functional(nn.Module):
    """Written by hand, with activations that are functions."""

    def __init__(self, layers: int = 3) -> None:
        super().__init__()
        sizes = [NODES, *[8] * (layers - 1), 4]
        self.convs = nn.ModuleList(GCNConv(*pair) for pair in pairwise(sizes))

    def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
        for conv in self.convs[:-1]:
            x = F.dropout(F.relu(conv(x, edge_index)), 0.5, self.training)
        y: Tensor = self.convs[-1](x, edge_index)
        return y


class Deep(nn.Module):
    """A stack as in PyG's example of DeepGCN."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.decoder = nn.Linear(NODES, 8), nn.Linear(8, 4)
        self.layers = nn.ModuleList(
            DeepGCNLayer(GCNConv(8, 8), LayerNorm(8), nn.ReLU(), block="res+", dropout=0.1) for _ in range(3)
        )

    def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
        x = self.layers[0].conv(self.encoder(x), edge_index)
        for layer in self.layers[1:]:
            x = layer(x, edge_index)
        y: Tensor = self.decoder(self.layers[0].act(self.layers[0].norm(x)))
        return y


class Recurrent(nn.Module):
    """One convolution that is called three times."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.conv, self.decoder = nn.Linear(NODES, 8), GCNConv(8, 8), nn.Linear(8, 4)

    def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
        x = self.encoder(x)
        for _ in range(3):
            x = self.conv(x, edge_index).tanh()
        y: Tensor = self.decoder(x)
        return y


class TakesData(nn.Module):
    """A model that is called with the data, as in PyG's tutorial."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2, self.conv3 = GCNConv(NODES, 8), GCNConv(8, 8), GCNConv(8, 4)

    def forward(self, data: Any) -> Tensor:
        x = F.relu(self.conv1(data.x, data.edge_index))
        x = F.relu(self.conv2(x, data.edge_index))
        return F.log_softmax(self.conv3(x, data.edge_index), dim=1)


def with_slots() -> nn.Module:
    return replace_activations(GCN(NODES, 8, 3, 4, dropout=0.5), "cna", clusters=4, recluster_every=2)


MODELS: dict[str, Callable[[], nn.Module]] = {
    "gcn": lambda: GCN(NODES, 8, 3, 4, dropout=0.5),
    "sage": lambda: GraphSAGE(NODES, 8, 3, 4, norm="batch_norm"),
    "gat": lambda: GAT(NODES, 8, 3, 4, heads=2, dropout=0.5),
    "gin": lambda: GIN(NODES, 8, 3, 4, jk="cat"),
    "deep": Deep,
    "functional": Functional,
    "recurrent": Recurrent,
    "slots": with_slots,
}


def make(name: str) -> nn.Module:
    torch.manual_seed(0)
    return MODELS[name]()


def metrics(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "runs"


# The training


@pytest.mark.parametrize("name", MODELS)
def test_training_does_not_notice(name: str, runs: Path) -> None:
    plain, watched, data = make(name), make(name), karate_data()
    torch.manual_seed(1)
    losses = loop(plain, data, 4)
    state = torch.get_rng_state()
    torch.manual_seed(1)
    with watch(watched, data, runs=runs, measures="all") as record:
        again = loop(watched, data, 4, lambda epoch: record.epoch())
    assert again == losses
    assert torch.equal(torch.get_rng_state(), state)
    assert states_equal(plain.state_dict(), watched.state_dict())
    assert all(module.training for module in watched.modules())
    assert hooks(watched) == hooks(plain)
    record = load_record(record.folder)
    assert record.layers == 3
    assert list(record.metrics["epoch"]) == [0, 1, 2, 3, 4]
    assert record.metrics["rayleigh"].sel(stage="conv").notnull().all()
    assert record.metrics["rayleigh"].sel(stage="slot", layer=slice(1, 2)).notnull().all()
    assert record.metrics["gradient_norm"].sel(stage="conv", epoch=slice(1, 4)).notnull().all()
    assert find_problems(record.folder) == []


def test_gradients_in_the_loop_are_those_that_are_recorded(runs: Path) -> None:
    model, data = make("gcn"), karate_data()
    model.dropout.p = 0.0  # type: ignore[union-attr]
    with watch(model, data, runs=runs) as record:
        before = deepcopy(model)
        loop(model, data, 1, lambda epoch: record.epoch())
    x, values = data.x, []
    for layer, conv in enumerate(before.convs):  # type: ignore[arg-type]
        values.append(x := conv(x, data.edge_index))
        if layer < 2:
            values.append(x := x.relu())
    loss = F.cross_entropy(x[data.train_mask], data.y[data.train_mask])
    wanted = [float(gradient.norm()) for gradient in torch.autograd.grad(loss, values)]
    measured = metrics(record.folder)[1]["layers"]["gradient_norm"]
    assert measured["conv"] == pytest.approx(wanted[::2], rel=1e-5)
    assert measured["slot"][:2] == pytest.approx(wanted[1::2], rel=1e-5)
    assert measured["slot"][2] is None
    untrained = metrics(record.folder)[0]["layers"]["gradient_norm"]
    assert untrained == {"conv": [None] * 3, "slot": [None] * 3}


def test_gradients_of_an_epoch_are_those_of_its_last_step_if_it_had_one(runs: Path) -> None:
    model, data, held = make("functional"), karate_data(), list[float]()

    def hear(module: nn.Module, args: Any, output: Tensor) -> None:
        if output.requires_grad:
            output.register_hook(lambda gradient: held.append(float(gradient.norm())))

    # Dropout is on: these numbers are those of the very step, and of no other pass.
    for conv in model.convs:  # type: ignore[union-attr]
        conv.register_forward_hook(hear)
    with watch(model, data, runs=runs, every=2) as record:
        loop(model, data, 3)
        record.epoch()
        loop(model, data, 2)
        record.epoch()
        record.epoch()
        record.epoch()  # had no step
    recorded = {line["epoch"]: line["layers"] for line in metrics(record.folder) if "layers" in line}
    assert sorted(recorded) == [0, 1, 2, 4]  # there is a snapshot of epoch 1
    for epoch, step in ((1, 3), (2, 5)):
        wanted = held[3 * (step - 1) : 3 * step][::-1]  # the last layer is heard first
        assert recorded[epoch]["gradient_norm"]["conv"] == pytest.approx(wanted, rel=1e-5)
    for epoch in (0, 4):
        assert recorded[epoch]["gradient_norm"] == {"conv": [None] * 3, "slot": [None] * 3}
    assert len(held) == 3 * 5


def test_looking_gives_no_gradient_to_parameters(runs: Path) -> None:
    model = make("slots")
    with watch(model, karate_data(), runs=runs) as record:
        record.epoch()
    assert all(parameter.grad is None for parameter in model.parameters())


def test_embeddings_are_those_of_a_forward_pass_by_hand(runs: Path) -> None:
    model, data = make("functional"), karate_data()
    with watch(model, data, runs=runs, precision="float32") as record:
        loop(model, data, 3, lambda epoch: record.epoch())
    model.eval()
    opened = record.load()
    with torch.no_grad():
        x = data.x
        for layer, conv in enumerate(model.convs, start=1):  # type: ignore[arg-type]
            x = conv(x, data.edge_index)
            assert np.array_equal(opened.embedding(layer, "conv").values, x.numpy())
            if layer < 3:
                x = x.relu()
                assert np.array_equal(opened.embedding(layer, "slot").values, x.numpy())
    assert np.array_equal(opened.prediction().values, x.argmax(1).numpy())
    correct = (x.argmax(1) == data.y).float()
    assert opened.summary["accuracy"] == {
        name: pytest.approx(float(correct[data[f"{name}_mask"]].mean())) for name in vocabulary.SPLITS
    }
    assert (opened.best_epoch, opened.summary["epochs"], opened.snapshots) == (3, 3, (0, 1, 3))


def test_slots_are_found_and_their_clusters_recorded(runs: Path) -> None:
    model, data = make("slots"), karate_data()
    with watch(model, data, runs=runs, measures="all") as record:
        loop(model, data, 3, lambda epoch: record.epoch())
    opened = record.load()
    for layer, slot in enumerate(model.act.slots, start=1):  # type: ignore[union-attr, arg-type]
        for name in ("cluster_label", "centroid", "rational_numerator", "slot_input_histogram"):
            assert opened.layer_variable(name, layer) is not None
        labels = opened.layer_variable("cluster_label", layer)
        assert labels is not None
        assert labels.values.tolist() == slot.assignment.labels.tolist()
    for name in vocabulary.CLUSTER_MEASURES:
        values = opened.metrics[name].sel(stage="slot", epoch=slice(1, 3))
        layers = slice(2, 2) if name.endswith("previous") else slice(1, 2)
        assert values.sel(layer=layers).notnull().all()
        assert values.sel(layer=3).isnull().all()


def test_a_model_that_takes_data(runs: Path) -> None:
    torch.manual_seed(0)
    model, data = TakesData(), karate_data()
    with watch(model, data, runs=runs) as record:
        loop(model, data, 2, lambda epoch: record.epoch(), inputs=(data,))
    assert record.load().layers == 3


def test_whether_weights_of_edges_are_used_is_said_and_not_guessed(runs: Path) -> None:
    data = karate_data(edge_weight=torch.rand(karate_data().num_edges))
    model = GCN(34, 8, 3, 4)
    with pytest.raises(UsageError, match=r"GCN takes some, .*: say inputs=\(data.x, data.edge_index, data.edge_weight"):
        watch(model, data, runs=runs)
    last = []
    for inputs in ((data.x, data.edge_index, data.edge_weight), (data.x, data.edge_index)):
        with watch(model, data, runs=runs, inputs=inputs, precision="float32") as record:
            record.epoch()
        watched = record.load().config.watched
        assert watched is not None
        assert watched.is_weighted == (len(inputs) == 3)
        last.append(record.load().embedding(3, "conv").values)
        torch.testing.assert_close(torch.from_numpy(last[-1]), model.eval()(*inputs).detach(), rtol=1e-5, atol=1e-6)
    assert not np.allclose(*last)


@pytest.mark.filterwarnings("ignore:Sparse:UserWarning")
@pytest.mark.parametrize("name", ["adj_t", "edge_index"])
def test_a_sparse_matrix_that_the_model_is_given_has_weights_and_direction(runs: Path, name: str) -> None:
    edges = karate_data().edge_index
    edges, weight = edges[:, edges[0] < edges[1]], torch.rand(len(edges.T) // 2) + 0.5
    matrix = torch.sparse_coo_tensor(edges.flip(0), weight, (NODES, NODES)).to_sparse_csr()
    with watch(GCN(NODES, 8, 2, 4), karate_data(**{"edge_index": None, name: matrix}), runs=runs) as record:
        pass
    graph, watched = record.load().graph, record.load().config.watched
    assert watched is not None
    assert (watched.is_directed, watched.is_weighted) == (True, True)
    kept = dict(zip(zip(*graph["edge_index"].values.tolist(), strict=True), graph["edge_weight"].values, strict=True))
    wanted = dict(zip(zip(*edges.tolist(), strict=True), weight.tolist(), strict=True))
    assert {ends: kept[ends] for ends in wanted} == pytest.approx(wanted)


def test_inputs_of_ones_own(runs: Path) -> None:
    data = karate_data()
    model = GCN(5, 8, 2, 4)
    x = torch.randn(NODES, 5)
    with watch(model, data, runs=runs, inputs=(x, data.edge_index, torch.rand(data.num_edges))) as record:
        record.epoch()
    assert record.load().layers == 2


def test_which_of_several_outputs_is_scored_is_said_and_not_guessed(runs: Path) -> None:
    class Two(Functional):
        def forward(self, x: Tensor, edge_index: Tensor) -> Any:
            return [(x, super().forward(x, edge_index))]

    model, data = Two(), karate_data()
    with pytest.raises(
        UsageError, match=r"can't be known: pass output=\(0, 0\) or output=\(0, 1\); output=\(0, 0\) is"
    ):
        watch(model, data, runs=runs)
    with watch(model, data, runs=runs, output=(0, 1)) as record:
        pass
    wanted = model.eval()(data.x, data.edge_index)[0][1].argmax(1)
    assert record.load().prediction().values.tolist() == wanted.tolist()


def test_layers_that_are_named(runs: Path) -> None:
    model = nn.Sequential(nn.Linear(NODES, 8), nn.ReLU(), nn.Linear(8, 4))
    data = karate_data()
    with watch(model, data, runs=runs, layers=["0", "2"], inputs=(data.x,), task="none", precision="float32") as record:
        record.epoch()
    opened = record.load()
    assert opened.layers == 2
    with torch.no_grad():
        assert np.array_equal(opened.embedding(1, "slot").values, model[1](model[0](data.x)).numpy())


def test_models_in_low_precision(runs: Path) -> None:
    data = karate_data()
    model = make("slots").bfloat16()
    low = karate_data(x=data.x.bfloat16())
    with watch(model, low, runs=runs) as record:
        loop(model, low, 2, lambda epoch: record.epoch())
    assert record.load().metrics["rayleigh"].sel(stage="conv").notnull().all()


# When and what


def test_every_snapshots_and_measures(runs: Path) -> None:
    model = make("gcn")
    with watch(model, karate_data(), runs=runs, every=4, snapshots="ends", measures="mad, feature_norm") as record:
        loop(model, karate_data(), 6, lambda epoch: record.epoch())
    assert [line["epoch"] for line in metrics(record.folder) if "layers" in line] == [0, 4]
    assert set(metrics(record.folder)[4]["layers"]) == {"mad", "feature_norm"}
    opened = record.load()
    assert opened.snapshots == (0, 6)
    assert opened.metrics["mad"].sel(stage="conv", epoch=6).notnull().all()
    assert opened.config.recording.measures == ("feature_norm", "mad")


def test_no_epoch_at_all_is_a_record_of_the_untrained_model(runs: Path) -> None:
    with watch(make("gcn"), karate_data(), runs=runs) as record:
        pass
    assert (record.load().best_epoch, record.load().snapshots, record.load().status) == (0, (0,), "complete")


def test_scores_that_are_told_and_scores_that_are_computed(runs: Path) -> None:
    data = karate_data(val_mask=None)
    with watch(make("gcn"), data, runs=runs) as record:
        record.epoch(loss=torch.tensor(0.5, requires_grad=True))
        record.epoch(loss=0.25, accuracy={"val": 0.75})
        record.epoch()
    first, second, third = metrics(record.folder)[1:]
    assert first["loss"]["train"] == 0.5
    assert first["accuracy"] == third["accuracy"]
    assert first["accuracy"]["val"] is None
    assert 0 <= first["accuracy"]["test"] <= 1
    assert second["accuracy"] == {**first["accuracy"], "val": 0.75}
    assert (second["loss"]["train"], second["loss"]["val"]) == (0.25, None)


@pytest.mark.parametrize(
    "changes",
    [{"y": None}, {"y": torch.rand(NODES, 3)}, dict.fromkeys(("train_mask", "val_mask", "test_mask"))],
)
def test_data_without_classes_or_masks(runs: Path, changes: dict[str, Any]) -> None:
    task = "none" if changes.get("y") is not None else None
    with watch(make("gcn"), karate_data(**changes), runs=runs, task=task, measures="all") as record:
        record.epoch(loss=1.5)
        record.epoch()
    opened = record.load()
    assert opened.summary["accuracy"] == {}
    assert float(opened.metrics["loss"].sel(epoch=1, split="train")) == 1.5
    assert opened.metrics["loss"].sel(epoch=2).isnull().all()
    assert opened.metrics["mad"].sel(stage="conv").notnull().all()


def test_directed_edges_are_measured_in_both_directions(runs: Path) -> None:
    one_way = EDGES[:, EDGES[0] < EDGES[1]]
    torch.manual_seed(0)
    model = GraphSAGE(NODES, 8, 2, 4)
    with watch(model, karate_data(edge_index=one_way), runs=runs, inputs=(karate_data().x, EDGES)) as record:
        pass
    with watch(model, karate_data(), runs=runs) as other:
        pass
    assert record.load().graph.equals(other.load().graph)
    assert metrics(record.folder)[0]["layers"] == metrics(other.folder)[0]["layers"]


def test_two_watches_have_folders_of_their_own(runs: Path) -> None:
    model = make("gcn")
    with watch(model, karate_data(), runs=runs) as one, watch(model, karate_data(), runs=str(runs)) as other:
        one.epoch()
        other.epoch()
    assert one.folder != other.folder
    assert {run.status for run in list_runs(runs)} == {"complete"}
    assert len(list_runs(runs)) == 2
    assert hooks(model) == 0


def test_what_is_watched_is_in_the_config(runs: Path) -> None:
    with watch(make("gcn"), karate_data(), runs=runs, name="mine", dataset="karate", seed=3) as record:
        pass
    opened = record.load()
    watched = opened.config.watched
    assert watched is not None
    assert (watched.name, watched.model, watched.dataset, watched.layers) == ("mine", "GCN", "karate", 3)
    assert opened.config.seed == 3
    assert opened.config.facts["backbone"] == "GCN"
    assert opened.summary["parameters"] == sum(parameter.numel() for parameter in make("gcn").parameters())
    with watch(make("gcn"), karate_data(), runs=runs) as record:
        pass
    assert record.load().config.slot == "GCN"


def test_the_record_can_be_opened_while_it_is_made(runs: Path) -> None:
    with watch(make("gcn"), karate_data(), runs=runs) as record:
        record.epoch()
        opened = record.load()
        assert opened.status == "incomplete"
        assert list(opened.metrics["epoch"]) == [0, 1]
        assert figures.plot_measure_by_layer([opened]).data
    assert record.load().status == "complete"


@pytest.mark.parametrize("name", ["gcn", "slots"])
def test_every_figure_of_records_draws_it(runs: Path, name: str) -> None:
    records = []
    for seed in (0, 1):
        model = make(name)
        with watch(model, karate_data(), runs=runs, name="mine", seed=seed) as record:
            loop(model, karate_data(), 3, lambda epoch: record.epoch())
        records.append(record.load())
    drawn = {
        "plot_accuracy_by_depth": figures.plot_accuracy_by_depth(records),
        "plot_embedding_by_layer": figures.plot_embedding_by_layer(records),
        "plot_measure_by_layer": figures.plot_measure_by_layer(records),
        "plot_measure_heatmap": figures.plot_measure_heatmap(records),
        "plot_training_curves": figures.plot_training_curves(records),
    }
    for figure in drawn.values():
        assert figure.data
    assert "mine" in drawn["plot_measure_by_layer"].to_json()
    (line,) = [trace for trace in drawn["plot_measure_by_layer"].data if trace.name == "mine"]
    assert len(line.y) == 3
    if name == "slots":
        assert figures.plot_rational_curves(records[0], 1).data


def test_it_is_a_name_of_the_package() -> None:
    assert cna_viz.watch is watch


# torch.compile


@pytest.mark.parametrize("kind", ["function", "method", "part", "part of a list"])
def test_compiled_models_are_looked_at_without_gradients(runs: Path, kind: str) -> None:
    plain, model, data = make("gcn"), make("gcn"), karate_data()
    torch.manual_seed(1)
    losses = loop(plain, data, 2)
    trained = model
    if kind == "function":
        trained = torch.compile(model, backend="eager")  # type: ignore[assignment]
    elif kind == "method":
        model.compile(backend="eager")
    elif kind == "part":
        model.convs[1].compile(backend="eager")  # type: ignore[index, union-attr, operator]
    else:
        model.convs[1] = torch.compile(model.convs[1], backend="eager")  # type: ignore[index, union-attr, operator]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        context = watch(trained, data, runs=runs)
        with context as record:
            here = [warning for warning in caught if "gradient norms" in str(warning.message)]
            torch.manual_seed(1)
            again = loop(trained, data, 2, lambda epoch: record.epoch())
    assert again == pytest.approx(losses, rel=1e-5)
    assert len(here) == 1
    assert here[0].filename == __file__
    opened = record.load()
    assert opened.summary["warnings"] == ["no gradient norms: compiled code calls no hooks"]
    assert opened.metrics["gradient_norm"].isnull().all()
    assert opened.metrics["mad"].sel(stage="conv").notnull().all()
    assert opened.layers == 3
    assert set(metrics(record.folder)[0]["layers"]) == set(DEFAULT_MEASURES) - {"gradient_norm"}
    assert hooks(model) == 0


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor:UserWarning")  # of torch.compile
def test_looking_at_a_compiled_model_compiles_nothing(runs: Path) -> None:
    compiled: list[int] = []

    def count(graph: torch.fx.GraphModule, inputs: Any) -> Any:
        compiled.append(len(graph.graph.nodes))
        return graph.forward

    torch._dynamo.reset()
    model, data = make("gcn"), karate_data()
    model.compile(backend=count)
    loop(model, data, 2)
    alone = len(compiled)
    assert alone > 0
    torch._dynamo.reset()
    compiled.clear()
    with watch(model, data, runs=runs, measures=["mad"]) as record:
        assert compiled == []
        loop(model, data, 2, lambda epoch: record.epoch())
    assert len(compiled) == alone


def test_compiled_models_without_gradient_norms_are_watched_in_silence(runs: Path) -> None:
    model = torch.compile(make("gcn"), backend="eager")
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*gradient")
        with watch(model, karate_data(), runs=runs, measures=["mad"]) as record:  # type: ignore[arg-type]
            record.epoch()
    assert record.load().summary["warnings"] == []


# What is refused, and what goes wrong


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layers": ["conv.0"]}, "unknown module of GCN 'conv.0'; choices, nearest first: convs.0,"),
        ({"measures": ["med"]}, "unknown measure 'med'; choices, nearest first: mad,"),
        ({"snapshots": "all"}, "unknown snapshots 'all'"),
        ({"every": 0}, "every = 0 is out of range"),
        ({"inputs": ()}, r"GCN can't be called with 0 inputs \(missing a required argument: 'x'\): pass inputs="),
    ],
)
def test_what_cannot_be_watched_is_refused_before_anything_is_written(
    runs: Path, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        watch(make("gcn"), karate_data(), runs=runs, **options)
    assert not runs.exists()


def test_a_model_that_does_not_return_a_row_per_node_is_refused(runs: Path) -> None:
    class Odd(Functional):
        def forward(self, x: Tensor, edge_index: Tensor) -> Any:
            super().forward(x, edge_index)
            return {"y": torch.zeros(4, 2)}

    model = Odd()
    with pytest.raises(UsageError, match="Odd returns no floating-point tensor with a row for each of 34, only"):
        watch(model, karate_data(), runs=runs)
    assert hooks(model) == 0


def incomplete(folder: Path, epochs: list[int]) -> None:
    """Check that a record is marked incomplete and that what there is can be read and drawn."""
    assert not is_complete(folder)
    with pytest.raises(RecordError, match="not finished"):
        load_record(folder)
    opened = load_record(folder, incomplete=True)
    assert opened.status == "incomplete"
    assert list(opened.metrics["epoch"]) == epochs
    assert opened.best_epoch in epochs
    assert opened.metrics["mad"].sel(epoch=opened.best_epoch, stage="conv").notnull().all()
    assert figures.plot_measure_by_layer([opened]).data
    for epoch in opened.snapshots:
        assert opened.embedding(1, "conv", epoch).shape[0] == NODES
    assert not [path for path in (folder / "snapshots").iterdir() if path.suffix != ".safetensors"]


def test_a_model_that_changes_its_channels_ends_the_record(runs: Path) -> None:
    model, data = make("functional"), karate_data()
    context = watch(model, data, runs=runs)
    message = "layer 1, stage conv: 9 channels, but 8 before"
    with pytest.raises(RecordError, match=message) as caught, context as record:  # noqa: PT012
        record.epoch()
        first, second, *_ = model.convs  # type: ignore[misc]
        first.lin.weight, first.bias = nn.Parameter(torch.zeros(9, NODES)), None
        second.lin.weight = nn.Parameter(torch.zeros(8, 9))
        record.epoch()
    assert caught.value.__notes__ == [f"the record up to here is kept, marked incomplete: {context.folder}"]
    incomplete(context.folder, [0, 1])
    assert load_record(context.folder, incomplete=True).summary["warnings"][0].startswith("RecordError: layer 1")
    assert hooks(model) == 0


def test_a_layer_that_is_replaced_by_another_ends_the_record(runs: Path) -> None:
    model = Functional(layers=4)
    context = watch(model, karate_data(), runs=runs)
    # Nobody listens to the new one: the layers behind it must not be taken for those before.
    message = "modules of Functional were added, removed or replaced since watch began"
    with pytest.raises(UsageError, match=message), context:  # noqa: PT012
        model.convs[1] = GCNConv(8, 8)
        context.epoch()
    incomplete(context.folder, [0])
    assert hooks(model) == 0


def test_a_layer_that_is_left_out_ends_the_record(runs: Path) -> None:
    model = nn.Sequential(nn.Linear(NODES, 8), nn.Linear(8, 8), nn.Linear(8, 8))
    context = watch(model, karate_data(), runs=runs, layers=["0", "1", "2"], inputs=(karate_data().x,), task="none")
    with pytest.raises(UsageError, match="modules of Sequential were added, removed or replaced"), context:  # noqa: PT012
        del model[1]
        context.epoch()
    incomplete(context.folder, [0])


@pytest.mark.parametrize("error", [ValueError("mine"), KeyboardInterrupt(), SystemExit(3)])
@pytest.mark.parametrize("every", [1, 5])
def test_an_exception_in_the_loop_goes_on_and_the_record_is_kept(runs: Path, error: BaseException, every: int) -> None:
    model = make("gcn")
    context = watch(model, karate_data(), runs=runs, every=every, snapshots="ends")

    def after(epoch: int) -> None:
        context.epoch()
        if epoch == 2:
            raise error

    with pytest.raises(type(error)) as caught, context:
        loop(model, karate_data(), 4, after)
    assert caught.value is error
    assert error.__notes__[-1] == f"the record up to here is kept, marked incomplete: {context.folder}"
    incomplete(context.folder, [0, 1, 2])
    assert hooks(model) == 0


def full(*args: Any, **options: Any) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize(
    ("owner", "method"), [(RecordWriter, "_append"), (RecordWriter, "_enter"), (SnapshotStream, "add")]
)
def test_a_full_disk_in_the_loop_is_one_readable_error(
    runs: Path, monkeypatch: pytest.MonkeyPatch, owner: type, method: str
) -> None:
    model = make("gcn")
    context = watch(model, karate_data(), runs=runs)
    message = r"can't be written to \(No space left on device\)"
    with pytest.raises(RecordError, match=message) as caught, context, monkeypatch.context() as patch:  # noqa: PT012
        patch.setattr(owner, method, full)
        context.epoch()
    assert str(context.folder) in str(caught.value)
    incomplete(context.folder, [0])
    assert hooks(model) == 0


@pytest.mark.parametrize("place", ["loop", "end", "ever after"])
def test_a_disk_that_is_really_full(runs: Path, place: str) -> None:
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    model = make("gcn")
    context = watch(model, karate_data(), runs=runs, snapshots="none")
    limits = contextlib.ExitStack()
    limits.callback(resource.setrlimit, resource.RLIMIT_FSIZE, (soft, hard))
    with limits, pytest.raises(RecordError, match="can't be written to"), context:  # noqa: PT012
        context.epoch()
        # As much as there is now, and not a line more.
        resource.setrlimit(resource.RLIMIT_FSIZE, ((context.folder / "metrics.jsonl").stat().st_size + 10, hard))
        if place != "end":
            try:
                context.epoch()
            finally:
                if place == "loop":
                    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        else:
            resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    assert hooks(model) == 0
    epochs = list(load_record(context.folder, incomplete=True).metrics["epoch"])
    incomplete(context.folder, epochs)
    assert epochs[:2] == [0, 1]


def test_a_folder_that_cannot_be_made_is_one_readable_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("here already")
    model = make("gcn")
    with (
        pytest.raises(RecordError, match="can't be written to"),
        watch(model, karate_data(), runs=tmp_path / "file" / "runs"),
    ):
        pytest.fail("it began")
    assert hooks(model) == 0


def test_scores_that_are_refused_leave_the_epoch_open(runs: Path) -> None:
    with watch(make("gcn"), karate_data(), runs=runs) as record:
        with pytest.raises(UsageError, match="unknown part of loss 'valid'"):
            record.epoch(loss={"valid": 1.0})
        with pytest.raises(UsageError, match="accuracy = 'high' is not accepted"):
            record.epoch(accuracy="high")
        record.epoch(loss=1.0)
    assert list(record.load().metrics["epoch"]) == [0, 1]


def test_epochs_are_closed_inside_the_context_only(runs: Path) -> None:
    record = watch(make("gcn"), karate_data(), runs=runs)
    with pytest.raises(UsageError, match="the context is not open"):
        record.epoch()
    assert not runs.exists()
    with record:
        record.epoch()
    with pytest.raises(UsageError, match="the context is not open"):
        record.epoch()
    assert list(record.load().metrics["epoch"]) == [0, 1]


def test_a_record_in_the_making_is_held_and_not_cleaned_up(runs: Path) -> None:
    model = GCN(NODES, 8, 2, 4)
    with watch(model, karate_data(), runs=runs) as record:
        (listed,) = find_leftovers(runs)
        assert (listed.path, listed.kept) == (record.folder, "its run is in progress")
        assert remove(runs, [listed]) == [listed]
        record.epoch(loss=1.0)
    assert record.load().status == "complete"
    assert not [one for one in find_leftovers(runs) if one.kept]
