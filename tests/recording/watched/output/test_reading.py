"""What is scored is declared or certain, and the scores are the right ones."""

import math
from types import SimpleNamespace
from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from sklearn.metrics import accuracy_score, f1_score, log_loss, r2_score
from torch import Tensor, nn
from torch_geometric.data import Data
from torch_geometric.nn import GCNConv

from cna_viz.data.embedded import karate
from cna_viz.errors import CnaVizError, RecordError, UsageError
from cna_viz.recording.watched.data.graph import WatchedGraph, read_watched
from cna_viz.recording.watched.output.find import find_reading
from cna_viz.recording.watched.output.reading import Reading
from tests.recording.helpers import NODES, karate_data

Y, PARTS = karate().y, ("train", "val", "test")
ROWS = torch.randn(NODES, 4, generator=torch.Generator().manual_seed(0))
BINARY = Y % 2


class GCN(nn.Module):
    """Three layers; returns hidden features and logits."""

    def __init__(self, features: int, classes: int) -> None:
        super().__init__()
        self.convs = nn.ModuleList([GCNConv(features, 16), GCNConv(16, 16), GCNConv(16, classes)])

    def forward(self, x: Tensor, edge_index: Tensor) -> tuple[Tensor, Tensor]:
        hidden = self.convs[1](self.convs[0](x, edge_index).relu(), edge_index).relu()
        return hidden, self.convs[2](hidden, edge_index)


def outputs(data: Data, rows: list[int], y: Tensor = Y) -> tuple[Tensor, Tensor]:
    """Train on some nodes, and return hidden features and logits of all."""
    torch.manual_seed(0)
    model = GCN(NODES, int(y.max()) + 1)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(20):
        optimizer.zero_grad()
        F.cross_entropy(model(data.x, data.edge_index)[1][rows], y[rows]).backward()
        optimizer.step()
    hidden, logits = model.eval()(data.x, data.edge_index)
    return hidden.detach(), logits.detach()


def by_hand(logits: Tensor, y: Tensor, rows: list[int]) -> float:
    """Count the right answers one by one."""
    answers = [max(range(len(row)), key=row.__getitem__) for row in logits.tolist()]
    return sum(answers[node] == int(y[node]) for node in rows) / len(rows)


def reading(raw: Any, watched: WatchedGraph, **options: Any) -> Reading:
    found = find_reading(raw, watched, "GCN", **options)
    assert found is not None
    return found


def scores(raw: Any, watched: WatchedGraph, **options: Any) -> dict[str, dict[str, float | None]]:
    found = reading(raw, watched, **options)
    return found.score(found.rows(raw))


def with_labels(y: Any, **options: Any) -> WatchedGraph:
    return read_watched(karate_data(y=y), **options)


# The inputs of the issue


def test_of_masks_in_columns_the_one_of_the_training_is_scored() -> None:
    generator = torch.Generator().manual_seed(1)
    orders = [torch.randperm(NODES, generator=generator) for _ in range(10)]
    masks = {name: torch.zeros(NODES, 10, dtype=torch.bool) for name in PARTS}
    for number, order in enumerate(orders):
        for part, nodes in zip(PARTS, order.split([12, 11, 11]), strict=True):
            masks[part][nodes, number] = True
    data = karate_data(**{f"{name}_mask": mask for name, mask in masks.items()})
    _, logits = outputs(data, orders[3][:12].tolist())
    found = scores(logits, read_watched(data, split=3))["accuracy"]
    assert found == {
        part: pytest.approx(by_hand(logits, Y, nodes.tolist()))
        for part, nodes in zip(PARTS, orders[3].split([12, 11, 11]), strict=True)
    }
    assert found != scores(logits, read_watched(data, split=0))["accuracy"]


def test_of_hidden_features_and_logits_the_logits_are_scored() -> None:
    data = karate_data()
    rows = {name: list(range(first, NODES, 3)) for first, name in enumerate(PARTS)}
    raw = outputs(data, rows["train"])
    watched = read_watched(data)
    with pytest.raises(UsageError, match=r"which one is scored.* output=0 is .*\[34, 16\], output=1 is .*\[34, 4\]"):
        find_reading(raw, watched, "GCN")
    found = scores(raw, watched, output=1)["accuracy"]
    assert found == {name: pytest.approx(by_hand(raw[1], Y, rows[name])) for name in PARTS}
    assert found["train"] != pytest.approx(by_hand(raw[0], Y, rows["train"]))
    assert reading(raw, watched, output=1).sentence == "output[1], logits of 4 classes"


@pytest.mark.parametrize(
    "y",
    [
        torch.where(torch.arange(NODES) == 4, -1, Y),
        torch.where(torch.arange(NODES) == 4, -100, Y),
        torch.where(torch.arange(NODES) == 4, torch.nan, Y.double()),
        torch.where(torch.arange(NODES) == 4, -1, Y).tolist(),
    ],
)
def test_one_node_without_a_label_leaves_all_others_scored(y: Any) -> None:
    found = scores(ROWS, with_labels(y))["accuracy"]
    rows = {name: [node for node in range(first, NODES, 3) if node != 4] for first, name in enumerate(PARTS)}
    assert found == {name: pytest.approx(by_hand(ROWS, Y, rows[name])) for name in PARTS}


@pytest.mark.parametrize("form", ["bool", "uint8", "numpy", "indices"])
def test_masks_of_any_form_are_scored(form: str) -> None:
    rows = {name: list(range(first, NODES, 3)) for first, name in enumerate(PARTS)}
    masks = {name: torch.isin(torch.arange(NODES), torch.tensor(nodes)) for name, nodes in rows.items()}
    forms: dict[str, Any] = {
        "bool": masks,
        "uint8": {name: mask.to(torch.uint8) for name, mask in masks.items()},
        "numpy": {name: mask.numpy() for name, mask in masks.items()},
        "indices": rows,
    }
    watched = read_watched(karate_data(**{f"{name}_mask": mask for name, mask in forms[form].items()}))
    assert scores(ROWS, watched)["accuracy"] == {name: pytest.approx(by_hand(ROWS, Y, rows[name])) for name in PARTS}


def test_an_output_of_nan_has_no_class_and_no_score() -> None:
    watched = with_labels(Y)
    found = reading(ROWS, watched)
    broken = ROWS.clone()
    broken[3, 1] = torch.nan
    broken[7, 0] = torch.inf
    rows = found.rows(broken)
    predicted = found.predict(rows)
    assert (predicted.dtype, predicted[3], predicted[7]) == (torch.int32, -1, -1)
    others = [node for node in range(NODES) if node not in (3, 7)]
    assert predicted[others].tolist() == ROWS.argmax(dim=1)[others].tolist()
    values = found.score(rows)
    assert {name: part["train"] for name, part in values.items()} == {"loss": None, "accuracy": None, "macro_f1": None}
    assert values["accuracy"]["val"] is None
    assert values["accuracy"]["test"] == pytest.approx(by_hand(ROWS, Y, list(range(2, NODES, 3))))


def test_a_network_that_is_nan_from_the_start_has_no_score() -> None:
    found = reading(torch.full((NODES, 4), torch.nan), with_labels(Y))
    rows = found.rows(torch.full((NODES, 4), torch.nan))
    assert found.predict(rows).tolist() == [-1] * NODES
    assert found.score(rows) == {name: dict.fromkeys(PARTS) for name in ("loss", "accuracy", "macro_f1")}


# Classes


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_scores_of_classes_are_those_of_scikit_learn(dtype: torch.dtype) -> None:
    raw, watched = ROWS.to(dtype), with_labels(Y)
    found, answers = scores(raw, watched), raw.float().argmax(dim=1)
    assert set(found) == {"loss", "accuracy", "macro_f1"}
    for part, nodes in watched.parts.items():
        truth = Y[nodes]
        assert found["accuracy"][part] == pytest.approx(accuracy_score(truth, answers[nodes]))
        assert found["macro_f1"][part] == pytest.approx(f1_score(truth, answers[nodes], average="macro"))
        wanted = log_loss(truth, raw.double().softmax(dim=1)[nodes].numpy(), labels=range(4))
        assert found["loss"][part] == pytest.approx(wanted, rel=1e-4)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_probabilities_are_told_from_logits(dtype: torch.dtype) -> None:
    raw, watched = ROWS.softmax(dim=1).to(dtype), with_labels(Y)
    found = reading(raw, watched)
    assert (found.kind, found.sentence) == ("probabilities", "output, probabilities of 4 classes")
    for part, nodes in watched.parts.items():
        wanted = -raw.double()[nodes, Y[nodes]].log().mean()
        assert found.score(found.rows(raw))["loss"][part] == pytest.approx(float(wanted), rel=1e-2)
    logits = ROWS.to(dtype)
    assert found.predict(found.rows(raw)).tolist() == raw.argmax(dim=1).tolist()
    assert reading(logits, watched).kind == reading(logits.log_softmax(dim=1), watched).kind == "logits"


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_probabilities_of_many_classes_are_told_from_outputs_of_relu(dtype: torch.dtype) -> None:
    y = torch.arange(NODES) * 30
    raw = torch.randn(NODES, int(y.max()) + 1, generator=torch.Generator().manual_seed(0)).to(dtype)
    assert reading(raw.softmax(dim=1), with_labels(y)).kind == "probabilities"
    assert reading(raw.relu(), with_labels(y)).kind == "logits"


def test_log_softmax_has_the_loss_of_its_logits() -> None:
    watched = with_labels(Y)
    assert scores(ROWS.log_softmax(dim=1), watched)["loss"] == pytest.approx(scores(ROWS, watched)["loss"])


def test_reading_overrides_what_rows_look_like() -> None:
    raw, watched = ROWS.softmax(dim=1), with_labels(Y)
    train = watched.parts["train"]
    wanted = F.cross_entropy(raw[train], Y[train])
    assert scores(raw, watched, reading="logits")["loss"]["train"] == pytest.approx(float(wanted))
    with pytest.raises(RecordError, match="is read as probabilities, but its rows don't all sum to 1"):
        find_reading(ROWS, watched, "GCN", reading="probabilities")


def test_a_certain_answer_that_is_wrong_has_no_finite_loss() -> None:
    certain = F.one_hot((Y + 1) % 4, 4).float()
    found = scores(certain, with_labels(Y))
    assert (found["loss"]["train"], found["accuracy"]["train"]) == (None, 0.0)


@pytest.mark.parametrize(
    ("first", "later", "message"),
    [
        (ROWS.softmax(dim=1), ROWS, r"is read as probabilities, but its rows don't all sum to 1"),
        (ROWS, ROWS.softmax(dim=1), "is read as logits, but its rows all sum to 1"),
        (ROWS, ROWS[:, :3], "output has 3 channels, but 4 before"),
        (ROWS, ROWS[:5], r"output is torch\.float32 of shape \[5, 4\]"),
        ((None, ROWS), ROWS, "output = 1 is not there"),
    ],
)
def test_a_later_output_of_another_form_is_refused(first: Any, later: Any, message: str) -> None:
    found = reading(first, with_labels(Y))
    with pytest.raises(CnaVizError, match=message):
        found.rows(later)


def test_more_channels_than_classes_may_be_an_embedding_unless_the_task_is_stated() -> None:
    y = Y.clamp(max=2)
    with pytest.raises(
        UsageError, match=r'4 channels \(output\), .* 3 classes: .*task="node-classification".*task="none"'
    ):
        find_reading(ROWS, with_labels(y), "GCN")
    assert scores(ROWS, with_labels(y, task="node-classification"))["accuracy"]["val"] == pytest.approx(
        by_hand(ROWS, y, list(range(1, NODES, 3)))
    )


@pytest.mark.parametrize("task", [None, "node-classification"])
def test_fewer_channels_than_classes_are_refused(task: str | None) -> None:
    with pytest.raises(UsageError, match=r'returns 3 channels \(output\), too few for labels up to 3.*task="none"'):
        find_reading(ROWS[:, :3], with_labels(Y, task=task), "GCN")


def test_classes_from_1_need_their_channels() -> None:
    watched = with_labels(Y + 1)
    with pytest.raises(UsageError, match="class 4 is channel 4: pass output=, or labels that count from 0"):
        find_reading(ROWS, watched, "GCN")
    raw = torch.cat([torch.zeros(NODES, 1), ROWS], dim=1)
    assert scores(raw, watched)["accuracy"]["train"] == pytest.approx(by_hand(raw, Y + 1, list(range(0, NODES, 3))))


def test_one_hot_labels_know_of_classes_without_a_node() -> None:
    assert reading(torch.randn(NODES, 6), with_labels(F.one_hot(Y, 6))).sentence == "output, logits of 6 classes"


# One channel


@pytest.mark.parametrize("raw", [ROWS[:, 0], ROWS[:, :1]])
@pytest.mark.parametrize("y", [BINARY, BINARY.bool(), BINARY.float(), BINARY[:, None]])
def test_one_channel_and_two_classes_have_three_readings(raw: Tensor, y: Tensor) -> None:
    watched = with_labels(y)
    with pytest.raises(UsageError, match=r'reading="logits".*reading="probabilities".*task="node-regression"'):
        find_reading(raw, watched, "GCN")
    train, flat = watched.parts["train"], raw.reshape(-1)
    found = reading(raw, watched, reading="logits")
    assert found.sentence == "output, logits of class 1 against class 0"
    assert found.predict(found.rows(raw)).tolist() == [int(value > 0) for value in flat.tolist()]
    wanted = F.binary_cross_entropy_with_logits(flat[train], BINARY[train].float())
    assert found.score(found.rows(raw))["loss"]["train"] == pytest.approx(float(wanted))
    right = ((flat > 0) == BINARY.bool())[train].float().mean()
    assert found.score(found.rows(raw))["accuracy"]["train"] == pytest.approx(float(right))


def test_one_channel_of_probabilities_has_the_threshold_a_half() -> None:
    raw, watched = ROWS[:, 0].sigmoid(), with_labels(BINARY)
    found = reading(raw, watched, reading="probabilities")
    assert found.predict(found.rows(raw)).tolist() == [int(value > 0.5) for value in raw.tolist()]
    val = watched.parts["val"]
    wanted = F.binary_cross_entropy(raw[val], BINARY[val].float())
    assert found.score(found.rows(raw))["loss"]["val"] == pytest.approx(float(wanted), rel=1e-5)
    with pytest.raises(RecordError, match="is read as probabilities"):
        found.rows(ROWS[:, 0])


def test_one_channel_and_classes_as_numbers_is_regression_if_the_task_says_so() -> None:
    found = reading(ROWS[:, 0], with_labels(BINARY, task="node-regression"))
    assert (found.kind, found.metric, found.sentence) == ("numbers", "r2", "output, a number for each node")


@pytest.mark.parametrize("y", [Y, Y.float()])
def test_one_channel_and_more_classes_is_refused(y: Tensor) -> None:
    with pytest.raises(UsageError, match=r'1 channel \(output\), .* 4 classes: say task="node-regression" if they are'):
        find_reading(ROWS[:, 0], with_labels(y), "GCN")


# Numbers


@pytest.mark.parametrize("raw", [ROWS[:, 0], ROWS[:, :1], ROWS[:, 0].double()])
def test_scores_of_numbers_are_those_of_scikit_learn(raw: Tensor) -> None:
    y = torch.linspace(0.5, 4, NODES)
    watched = with_labels(y)
    found = reading(raw, watched)
    rows, flat = found.rows(raw), raw.reshape(-1).float()
    assert found.metric == "r2"
    assert torch.equal(found.predict(rows), flat)
    for part, nodes in watched.parts.items():
        error = float(((flat - y)[nodes] ** 2).mean())
        assert found.score(rows)["loss"][part] == pytest.approx(error)
        assert found.score(rows)["nmse"][part] == pytest.approx(error / float(y.mean()))
        assert found.score(rows)["r2"][part] == pytest.approx(r2_score(y[nodes], flat[nodes]), rel=1e-5)


def test_a_number_that_is_not_finite_is_nan_and_has_no_score() -> None:
    found = reading(ROWS[:, 0], with_labels(torch.linspace(0.5, 4, NODES)))
    broken = ROWS[:, 0].clone()
    broken[1] = torch.inf
    rows = found.rows(broken)
    assert math.isnan(float(found.predict(rows)[1]))
    assert found.score(rows)["r2"]["val"] is None
    assert found.score(rows)["r2"]["train"] is not None


def test_an_nmse_of_targets_around_0_is_unknown() -> None:
    found = scores(ROWS[:, 0], with_labels(torch.linspace(-1, 0.5, NODES)))
    assert found["nmse"] == dict.fromkeys(PARTS)
    assert None not in found["r2"].values()


@pytest.mark.parametrize(
    ("raw", "options", "message"),
    [
        (ROWS, {}, "4 channels .*the labels are one number for each node: pass output="),
        (ROWS[:, 0], {"reading": "logits"}, "reading = 'logits' is for classes"),
        (ROWS[:, 0], {"reading": "logit"}, "unknown reading 'logit'; choices, nearest first: logits"),
    ],
)
def test_what_are_no_numbers_is_refused(raw: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        find_reading(raw, with_labels(torch.linspace(0, 1, NODES)), "GCN", **options)


# Parts, graphs, nothing


def test_parts_that_are_missing_or_empty_have_no_score() -> None:
    watched = read_watched(karate_data(val_mask=torch.zeros(NODES, dtype=torch.bool), test_mask=None))
    found = scores(ROWS, watched)["accuracy"]
    assert found == {"train": pytest.approx(by_hand(ROWS, Y, list(range(0, NODES, 3)))), "val": None, "test": None}


def test_the_prediction_of_a_graph_is_that_of_its_nodes() -> None:
    path = torch.tensor([[0, 1], [1, 2]])
    data = [Data(x=torch.eye(3), edge_index=path, y=torch.tensor([label])) for label in (0, 1, 1, 0)]
    watched = read_watched(data, split={"train": [0, 1], "test": [2, 3]})
    raw = torch.tensor([[2.0, 1.0], [0.0, 1.0], [3.0, 1.0], [torch.nan, 0.0]])
    found = reading(raw, watched)
    rows = found.rows(raw)
    assert found.predict(rows).tolist() == [0, 0, 0, 1, 1, 1, 0, 0, 0, -1, -1, -1]
    assert found.score(rows)["accuracy"] == {"train": 1.0, "val": None, "test": None}
    with pytest.raises(
        UsageError, match=r'say reading="logits" or reading="probabilities" \(of class 1\), or task="none"'
    ):
        find_reading(raw[:, 0], watched, "GIN")
    with pytest.raises(UsageError, match="no floating-point tensor with a row for each of 4"):
        find_reading(torch.zeros(12, 2), watched, "GIN")


@pytest.mark.parametrize("raw", [None, ROWS, (ROWS, ROWS), torch.zeros(3, dtype=torch.long), SimpleNamespace()])
def test_without_labels_any_output_is_fine_and_nothing_is_read(raw: Any) -> None:
    assert find_reading(raw, with_labels(None), "GCN") is None
    assert find_reading(raw, with_labels(Y, task="none"), "GCN") is None


def test_a_gradient_is_not_kept() -> None:
    raw = ROWS.clone().requires_grad_()
    found = reading(raw, with_labels(Y))
    assert not found.rows(raw).requires_grad


@pytest.mark.parametrize(
    "rows",
    [
        ROWS.half().softmax(dim=1).float(),
        ROWS.bfloat16().softmax(dim=1).float(),
        ROWS.softmax(dim=1) + 1e-4,
    ],
)
def test_rounded_probabilities_are_read_as_what_is_said_and_not_guessed(rows: Tensor) -> None:
    watched = with_labels(Y)
    with pytest.raises(UsageError) as caught:
        find_reading(rows, watched, "GCN")
    assert str(caught.value) == (
        'GCN returns 4 channels (output), whose rows almost sum to 1: say reading="probabilities" if they only don\'t '
        'because of rounding, or reading="logits"'
    )
    train = watched.parts["train"]
    said = scores(rows, watched, reading="probabilities")["loss"]["train"]
    assert said == pytest.approx(float(F.cross_entropy(ROWS[train], Y[train])), abs=0.01)
    as_logits = scores(rows, watched, reading="logits")["loss"]["train"]
    assert as_logits == pytest.approx(float(F.cross_entropy(rows[train], Y[train])))


def test_sigmoids_are_doubted_and_their_logits_have_the_right_loss() -> None:
    watched, raw = with_labels(Y), (None, ROWS.double().sigmoid())
    found = reading(raw, watched)
    assert found.may_be_sigmoids(found.rows(raw))
    logits = reading(raw, watched, output=lambda found: found[1].logit())
    assert not logits.may_be_sigmoids(logits.rows(raw))
    assert scores(raw, watched, output=lambda found: found[1].logit())["loss"] == pytest.approx(
        scores(ROWS, watched)["loss"]
    )
    said = reading(raw, watched, reading="logits")
    assert not said.may_be_sigmoids(said.rows(raw))


def test_rows_that_are_not_finite_do_not_hide_what_the_others_are() -> None:
    rows = ROWS.half().softmax(dim=1).float()
    rows[0] = torch.nan
    with pytest.raises(UsageError, match="almost sum to 1"):
        find_reading(rows, with_labels(Y), "GCN")
    assert reading(torch.full_like(rows, torch.nan), with_labels(Y)).kind == "logits"
