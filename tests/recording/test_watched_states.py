"""One look, one model: whatever a loop does with the weights, a record says of an epoch what one state gave."""

import json
import math
import warnings
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import prune
from torch.optim.swa_utils import AveragedModel
from torch_geometric.nn.models import GAE, GCN

from cna_viz.errors import RecordError, UsageError
from cna_viz.figures import plot_measure_by_layer
from cna_viz.nn.replace import replace_activations
from cna_viz.recording.watch import Watch, watch
from cna_viz.records.record import Record
from cna_viz.records.verify import find_problems
from tests.recording.helpers import NODES, karate_data, loop, states_equal

DATA = karate_data()


def make() -> nn.Module:
    torch.manual_seed(0)
    return GCN(NODES, 8, 3, 4, dropout=0.5)


def truth(model: nn.Module) -> dict[str, Any]:
    """Return accuracy by part and predictions, computed by hand."""
    was = model.training
    with torch.no_grad():
        found = model.eval()(DATA.x, DATA.edge_index).argmax(1)
    model.train(was)
    right = (found == DATA.y).float()
    return {
        "accuracy": {
            part: pytest.approx(float(right[DATA[f"{part}_mask"]].mean())) for part in ("train", "val", "test")
        },
        "prediction": found.tolist(),
    }


def agrees(record: Record, wanted: dict[str, Any]) -> None:
    """Check that summary, line of the epoch, predictions, embeddings and measures are those of one state."""
    best = record.best_epoch
    assert record.summary["accuracy"] == wanted["accuracy"]
    assert record.prediction().values.tolist() == wanted["prediction"]
    line = record.metrics["accuracy"].sel(epoch=best)
    if best % record.config.recording.every == 0:  # a line that is written stays as it is
        assert {part: float(line.sel(split=part)) for part in ("train", "val", "test")} == wanted["accuracy"]
    last = record.embedding(3, "conv").values
    assert last.argmax(axis=1).tolist() == wanted["prediction"]
    norm = float(record.metrics["feature_norm"].sel(epoch=best, layer=3, stage="conv"))
    assert norm == pytest.approx(float(np.linalg.norm(last)), rel=1e-5)
    assert find_problems(record.folder) == []


def started(runs: Path, model: nn.Module, **options: Any) -> Watch:
    measures = ["feature_norm", "gradient_norm", "mad"]
    return watch(model, DATA, runs=runs, measures=measures, precision="float32", quiet=True, **options)


@pytest.mark.parametrize("every", [1, 4])
@pytest.mark.parametrize("how", ["select", "reload", "reload and select", "reload and number"])
def test_early_stopping_reports_the_best_model(tmp_path: Path, how: str, every: int) -> None:
    model, best = make(), 3
    with started(tmp_path, model, every=every) as watched:
        kept: dict[str, Tensor] = {}

        def after(epoch: int) -> None:
            watched.epoch(loss=1.0 / epoch)
            if epoch == best:
                kept.update(deepcopy(model.state_dict()))
                if how == "select":
                    watched.select()

        loop(model, DATA, 8, after)
        if how != "select":
            model.load_state_dict(kept)
        if how == "reload and select":
            watched.select()
        if how == "reload and number":
            watched.select(best)
    at_the_end = deepcopy(model.state_dict())
    model.load_state_dict(kept)
    record = watched.load()
    assert (record.best_epoch, record.summary["epochs"], record.status) == (best, 8, "complete")
    agrees(record, truth(model))
    assert record.summary["warnings"] == []
    norms = record.metrics["gradient_norm"].sel(epoch=best, stage="conv")
    assert bool(norms.notnull().all()) is (every == 1)  # of an epoch that was not measured they aren't known
    if how == "select":  # the loop's own weights are left as they were
        assert not states_equal(at_the_end, kept)


def test_a_record_says_what_the_weights_at_the_end_say_and_not_the_last_epoch(tmp_path: Path) -> None:
    """The first input of the issue: best weights are loaded before the context ends."""
    model, kept = make(), dict[str, Tensor]()
    with started(tmp_path, model) as watched:

        def after(epoch: int) -> None:
            watched.epoch(accuracy={"val": truth(model)["accuracy"]["val"].expected})
            if epoch == 5:
                kept.update(deepcopy(model.state_dict()))

        loop(model, DATA, 60, after)
        last = truth(model)
        model.load_state_dict(kept)
    record = watched.load()
    agrees(record, truth(model))
    assert (record.best_epoch, record.summary["epochs"]) == (5, 60)
    assert record.score("test") < last["accuracy"]["test"].expected


def test_averaged_weights_become_an_epoch_of_their_own(tmp_path: Path) -> None:
    model = make()
    average = AveragedModel(model)
    with started(tmp_path, model) as watched:
        loop(model, DATA, 5, lambda epoch: (watched.epoch(loss=0.5), average.update_parameters(model)))
        model.load_state_dict(average.module.state_dict())
        watched.select()
    record = watched.load()
    assert (record.best_epoch, record.summary["epochs"], record.summary["warnings"]) == (6, 6, [])
    agrees(record, truth(average.module))
    assert record.metrics["gradient_norm"].sel(epoch=6).isnull().all()
    assert math.isfinite(float(record.metrics["loss"].sel(epoch=6, split="train")))


def test_a_step_after_the_last_epoch_is_noticed(tmp_path: Path) -> None:
    model = make()
    message = "those of no closed epoch: they are recorded as epoch 3; select"
    with pytest.warns(UserWarning, match=message), started(tmp_path, model) as watched:  # noqa: PT031
        loop(model, DATA, 2, lambda epoch: watched.epoch())
        loop(model, DATA, 1)
    record = watched.load()
    assert record.best_epoch == 3
    assert len(record.summary["warnings"]) == 1
    agrees(record, truth(model))


def test_selecting_before_the_epoch_is_closed_is_that_epoch(tmp_path: Path) -> None:
    model = make()
    with started(tmp_path, model) as watched:

        def after(epoch: int) -> None:
            if epoch == 2:
                watched.select()
            watched.epoch()

        loop(model, DATA, 4, after)
    assert (watched.load().best_epoch, watched.load().summary["epochs"]) == (2, 4)


def test_a_wrong_number_is_refused_and_the_record_goes_on(tmp_path: Path) -> None:
    model = make()
    with started(tmp_path, model) as watched:
        loop(model, DATA, 3, lambda epoch: watched.epoch())
        with pytest.raises(UsageError, match=r"select\(1\): the weights in the model are those of epoch 3, and a rec"):
            watched.select(1)
        with pytest.raises(UsageError, match=r"select\(9\): "):
            watched.select(9)
        watched.select(3)
    assert watched.load().best_epoch == 3
    with pytest.raises(UsageError, match="the context is not open"):
        watched.select()


@pytest.mark.parametrize("epoch", ["a", 1.0, True])
def test_what_is_no_epoch_is_refused(tmp_path: Path, epoch: Any) -> None:
    with started(tmp_path, make()) as watched:
        with pytest.raises(UsageError, match=r"is not accepted: it must be the number of an epoch, or nothing"):
            watched.select(epoch)
        with pytest.raises(UsageError, match=r"gradient_scale = -2\.0 is not accepted: it must be a number above 0"):
            watched.epoch(gradient_scale=-2.0)
        with pytest.raises(
            UsageError, match=r"accuracy = 0\.7 is of unknown nodes: say of which, as in accuracy=\{'val'"
        ):
            watched.epoch(accuracy=0.7)


class Tempered(nn.Module):
    """Has state of every kind: a number, extra state, a buffer that grows, and weights."""

    def __init__(self) -> None:
        super().__init__()
        self.gcn, self.tau, self.offset = GCN(NODES, 8, 3, 4), 1.0, torch.zeros(4)
        self.register_buffer("seen", torch.zeros(0))

    def get_extra_state(self) -> Tensor:
        return self.offset

    def set_extra_state(self, state: Tensor) -> None:
        self.offset = state

    def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
        y: Tensor = self.gcn(x, edge_index) / self.tau + self.offset + self.seen.sum()  # type: ignore[operator]
        return y


def test_a_selected_model_has_all_of_its_state(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = Tempered()
    wanted: dict[str, Any] = {}
    with started(tmp_path, model) as watched:

        def after(epoch: int) -> None:
            model.tau, model.offset = 1.0 / epoch, torch.arange(4.0) * epoch
            model.seen = torch.ones(epoch)  # type: ignore[assignment]
            watched.epoch()
            if epoch == 2:
                watched.select()
                wanted.update(truth(model))

        loop(model, DATA, 5, after)
        last = truth(model)
    record = watched.load()
    assert (record.best_epoch, record.summary["accuracy"]) == (2, wanted["accuracy"])
    assert record.prediction().values.tolist() == wanted["prediction"]
    assert truth(model) == last
    assert (model.tau, len(model.seen)) == (0.2, 5)  # type: ignore[arg-type]


def test_a_model_that_is_pruned_after_it_was_selected_is_left_as_it_is(tmp_path: Path) -> None:
    model = make()
    watched = started(tmp_path, model)
    with pytest.raises(RecordError, match="parameters or buffers were added or removed after select"), watched:  # noqa: PT012
        loop(model, DATA, 2, lambda epoch: (watched.epoch(), watched.select()) if epoch == 1 else watched.epoch())
        prune.l1_unstructured(model.convs[0].lin, "weight", 0.5)  # type: ignore[index, union-attr]
        state = {name: value.clone() for name, value in model.state_dict().items()}
    assert states_equal(model.state_dict(), state)
    record = watched.load()
    assert record.status == "incomplete"
    assert record.summary["warnings"][0].startswith("RecordError: parameters or buffers")


def test_inputs_that_are_trained_are_part_of_the_state(tmp_path: Path) -> None:
    model, embedding = make(), nn.Parameter(torch.randn(NODES, NODES, generator=torch.Generator().manual_seed(0)))
    optimizer = torch.optim.Adam([*model.parameters(), embedding], lr=0.05)
    found: list[list[int]] = []
    with started(tmp_path, model, inputs=(embedding, DATA.edge_index)) as watched:
        for epoch in range(1, 7):
            optimizer.zero_grad()
            output = model.train()(embedding, DATA.edge_index)
            torch.nn.functional.cross_entropy(output[DATA.train_mask], DATA.y[DATA.train_mask]).backward()
            optimizer.step()
            watched.epoch()
            with torch.no_grad():
                found.append(model.eval()(embedding, DATA.edge_index).argmax(1).tolist())
            if epoch == 3:
                watched.select()
    record = watched.load()
    assert record.best_epoch == 3
    assert record.prediction().values.tolist() == found[2] != found[5]


def test_a_backward_pass_after_the_end_still_works(tmp_path: Path) -> None:
    model = make()
    with started(tmp_path, model) as watched:
        loop(model, DATA, 2, lambda epoch: (watched.epoch(), watched.select()) if epoch == 1 else watched.epoch())
        loss = model(DATA.x, DATA.edge_index).sum()
    loss.backward()


def test_several_forward_passes_that_share_a_backward_pass_have_no_norms(tmp_path: Path) -> None:
    model = make()
    message = "gradient norms are missing where several forward passes share a backward pass"
    with pytest.warns(UserWarning, match=message), started(tmp_path, model) as watched:  # noqa: PT031
        one, other = model(DATA.x, DATA.edge_index), model(DATA.x, DATA.edge_index)
        (one - other).square().sum().backward()
        watched.epoch()
    assert watched.load().metrics["gradient_norm"].isnull().all()


def test_gradients_of_functions_disturb_nothing(tmp_path: Path) -> None:
    model = make()
    model.dropout.p = 0.0  # type: ignore[union-attr]
    weights = dict(model.named_parameters())

    def loss(weights: dict[str, Tensor]) -> Tensor:
        output: Tensor = torch.func.functional_call(model, weights, (DATA.x, DATA.edge_index))
        return output.square().sum()

    wanted = torch.func.grad(loss)(weights)
    with started(tmp_path, model) as watched:
        found = torch.func.grad(loss)(weights)
        watched.epoch()
    assert all(torch.allclose(found[name], wanted[name]) for name in wanted)


def test_the_untrained_model_can_be_selected(tmp_path: Path) -> None:
    model = make()
    with started(tmp_path, model) as watched:
        watched.select(0)
        loop(model, DATA, 3, lambda epoch: watched.epoch())
    assert watched.load().best_epoch == 0


def test_selected_clusters_are_those_of_their_epoch(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = replace_activations(GCN(NODES, 8, 3, 4), "cna", clusters=4, recluster_every=1)
    labels: list[list[int]] = []

    def after(epoch: int) -> None:
        watched.epoch()
        if epoch == 2:
            watched.select()
            labels.extend(slot.assignment.labels.tolist() for slot in model.act.slots)  # type: ignore[union-attr]

    with started(tmp_path, model) as watched:
        loop(model, DATA, 6, after)
    record = watched.load()
    assert record.best_epoch == 2
    for layer, wanted in enumerate(labels, start=1):
        found = record.layer_variable("cluster_label", layer)
        assert found is not None
        assert found.values.tolist() == wanted


def test_training_is_equal_to_the_bit_with_every_way_to_select(tmp_path: Path) -> None:
    plain, watched_model = make(), make()
    torch.manual_seed(1)
    losses = loop(plain, DATA, 6)
    torch.manual_seed(1)
    with started(tmp_path, watched_model) as watched:
        again = loop(watched_model, DATA, 6, lambda epoch: (watched.epoch(), watched.select()) if epoch < 4 else None)
        watched.epoch()
    assert again == losses
    assert states_equal(plain.state_dict(), watched_model.state_dict())


# What is told, and what was seen


def test_a_score_of_another_model_or_mask_is_not_recorded_beside_the_look(tmp_path: Path) -> None:
    model = make()
    message = r"epoch 1: the loop reported accuracy of test 0\.99, and the model .* has .*, and 1 more like"
    with pytest.warns(UserWarning, match=message), started(tmp_path, model) as watched:
        loop(model, DATA, 2, lambda epoch: watched.epoch(accuracy={"test": 0.99}))
    agrees(watched.load(), truth(model))


@pytest.mark.filterwarnings("ignore:epoch 2. the loop reported accuracy")  # the last one is looked at after all
def test_scores_that_are_told_fill_epochs_without_a_look(tmp_path: Path) -> None:
    model = make()
    with started(tmp_path, model, every=4, snapshots="ends") as watched:
        loop(model, DATA, 2, lambda epoch: watched.epoch(accuracy={"test": 0.25}, roc_auc={"val": 0.5}))
    record = watched.load()
    assert float(record.metrics["accuracy"].sel(epoch=1, split="test")) == 0.25
    assert float(record.metrics["roc_auc"].sel(epoch=1, split="val")) == 0.5
    assert record.summary["accuracy"] == truth(model)["accuracy"]
    assert "epoch 2: the loop reported accuracy of test 0.25" in record.summary["warnings"][0]


# NaN


@pytest.mark.parametrize("epoch", [1, 3])
def test_a_network_that_is_nan_has_diverged_and_has_no_score(tmp_path: Path, epoch: int) -> None:
    model = make()

    def after(number: int) -> None:
        if number == epoch:
            with torch.no_grad():
                model.convs[0].lin.weight[0, 0] = torch.nan  # type: ignore[index, union-attr]
        watched.epoch(loss=0.5)

    message = rf"output or loss was not finite \(NaN or infinity\), first at epoch {epoch}"
    with pytest.warns(UserWarning, match=message), started(tmp_path, model) as watched:
        loop(model, DATA, 4, after)
    record = watched.load()
    assert record.status == "diverged"
    assert record.summary["accuracy"] == {}
    assert record.metrics["accuracy"].sel(epoch=slice(epoch, None)).isnull().all()
    assert record.metrics["accuracy"].sel(epoch=slice(0, epoch - 1)).notnull().all()
    assert set(record.prediction().values.tolist()) == {-1}
    assert find_problems(record.folder) == []


def test_a_loss_that_is_nan_once_is_said_and_the_run_is_complete(tmp_path: Path) -> None:
    model = make()
    with pytest.warns(UserWarning, match="output or loss was not finite"), started(tmp_path, model) as watched:
        loop(model, DATA, 3, lambda epoch: watched.epoch(loss=math.nan if epoch == 2 else 0.5))
    assert watched.load().status == "complete"


# The loop


def test_a_loop_in_evaluation_mode_has_gradient_norms_and_a_warning(tmp_path: Path) -> None:
    model = make().eval()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    wanted: list[float] = []
    message = "the loop trains in evaluation mode"
    with pytest.warns(UserWarning, match=message), started(tmp_path, model) as watched:  # noqa: PT031
        for _ in range(2):
            optimizer.zero_grad()
            output = model(DATA.x, DATA.edge_index)
            output.register_hook(lambda gradient: wanted.append(float(gradient.norm())))
            torch.nn.functional.cross_entropy(output[DATA.train_mask], DATA.y[DATA.train_mask]).backward()
            optimizer.step()
            watched.epoch()
    norms = watched.load().metrics["gradient_norm"].sel(layer=3, stage="conv", epoch=[1, 2]).values
    assert norms.tolist() == pytest.approx(wanted, rel=1e-5)


def test_another_model_that_is_trained_is_noticed(tmp_path: Path) -> None:
    model, other = make(), make()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with started(tmp_path, model) as watched:
            loop(other, DATA, 3, lambda epoch: watched.epoch())
    said = [str(warning.message) for warning in caught if warning.category is UserWarning]
    assert said == ["the weights are the same in all 3 epochs: is another model trained?"]
    assert watched.load().summary["warnings"] == said
    assert all(warning.filename == __file__ for warning in caught if warning.category is UserWarning)


def test_an_epoch_with_replaced_data_is_refused(tmp_path: Path) -> None:
    model, data = make(), karate_data()
    with watch(model, data, runs=tmp_path, quiet=True) as watched:
        loop(model, data, 1, lambda epoch: watched.epoch())
        data.x = data.x.clone()
        with pytest.raises(UsageError, match=r"data\.x was replaced since watch began"):
            watched.epoch()


def test_an_epoch_with_other_inputs_is_refused(tmp_path: Path) -> None:
    model, weights = make(), torch.ones(DATA.num_edges)
    message = "your loop calls GCN with edge_weight, and watch calls GCN"
    with pytest.raises(UsageError, match=message), started(tmp_path, model) as watched:
        loop(model, DATA, 1, lambda epoch: watched.epoch(), inputs=(DATA.x, DATA.edge_index, weights))


def test_a_model_that_is_random_in_evaluation_mode_is_warned_of(tmp_path: Path) -> None:
    class Dropped(GCN):
        def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:  # type: ignore[override]
            return torch.nn.functional.dropout(super().forward(x, edge_index), 0.1)

    with pytest.warns(UserWarning, match="the model is random in evaluation mode"):
        started(tmp_path, Dropped(NODES, 8, 3, 4)).__enter__().__exit__(None, None, None)


def test_a_model_of_which_the_loop_calls_a_part_is_warned_of(tmp_path: Path) -> None:
    model = GAE(make())
    message = r"the loop never calls GAE itself, .* such as watch\(model\.encoder, data\)"
    with pytest.warns(UserWarning, match=message), started(tmp_path, model) as watched:
        loop(model.encoder, DATA, 1, lambda epoch: watched.epoch())


@pytest.mark.parametrize("outputs", ["loss", "list"])
@pytest.mark.parametrize("how", ["scaler", "told", "disabled", "of another model"])
def test_norms_are_those_of_the_loss_before_it_was_scaled(tmp_path: Path, how: str, outputs: str) -> None:
    def norms(scaled: bool) -> Any:
        model, other = make(), nn.Linear(2, 2)
        model.dropout.p = 0.0  # type: ignore[union-attr]
        scaler = torch.amp.GradScaler("cpu", enabled=how != "disabled")
        with started(tmp_path, model) as watched:
            output = model(DATA.x, DATA.edge_index)
            loss = torch.nn.functional.cross_entropy(output[DATA.train_mask], DATA.y[DATA.train_mask])
            if how in ("scaler", "disabled") and scaled:
                loss = scaler.scale(loss) if outputs == "loss" else scaler.scale([loss])[0]
            if how == "of another model" and scaled:
                scaler.scale(other(torch.ones(2)).sum()).backward()
            (8 * loss if how == "told" and scaled else loss).backward()
            watched.epoch(gradient_scale=8.0 if how == "told" and scaled else None)
        return json.loads((watched.folder / "metrics.jsonl").read_text().splitlines()[1])["layers"]["gradient_norm"]

    scale = torch.amp.GradScaler.scale
    assert norms(True)["conv"] == pytest.approx(norms(False)["conv"], rel=1e-5)
    assert torch.amp.GradScaler.scale is scale


def test_weights_that_change_without_a_backward_pass_are_noticed(tmp_path: Path) -> None:
    model = make()
    message = "no gradient norms: no backward pass of the loop went through the layers"
    with pytest.warns(UserWarning, match=message), started(tmp_path, model) as watched:  # noqa: PT031
        with torch.no_grad():
            model.convs[0].bias += 1  # type: ignore[index, union-attr]
        watched.epoch()


def test_two_backward_passes_through_one_forward_pass_have_no_norms(tmp_path: Path) -> None:
    model = make()
    message = "gradient norms are missing where several forward passes share a backward pass"
    with pytest.warns(UserWarning, match=message), started(tmp_path, model) as watched:  # noqa: PT031
        output = model(DATA.x, DATA.edge_index)
        for part in (DATA.train_mask, DATA.val_mask):
            torch.nn.functional.cross_entropy(output[part], DATA.y[part]).backward(retain_graph=True)
        watched.epoch()
        loop(model, DATA, 1)
        watched.epoch()
    norms = watched.load().metrics["gradient_norm"].sel(stage="conv")
    assert norms.sel(epoch=1).isnull().all()
    assert norms.sel(epoch=2).notnull().all()


def test_a_watch_is_used_once(tmp_path: Path) -> None:
    watched = started(tmp_path, make())
    with watched:
        pass
    with pytest.raises(UsageError, match="this watch was used already: every training needs its own"), watched:
        pytest.fail("it began")
    assert watched.load().status == "complete"


# Runs that only repeat a cell


def test_the_same_cell_run_twice_is_two_arms_and_different_seeds_are_one(tmp_path: Path) -> None:
    def cell(**options: Any) -> Record:
        torch.manual_seed(options.get("seed", 0))
        model = GCN(NODES, 8, 3, 4)
        with started(tmp_path, model, name="mine", **options) as watched:
            loop(model, DATA, 2, lambda epoch: watched.epoch())
        return watched.load()

    def names(*records: Record) -> set[str]:
        figure = plot_measure_by_layer(list(records), "mad")
        return {trace.name for trace in figure.data if trace.name}

    again = [cell(), cell()]
    starts = sorted(str(record.config.watched.started)[11:19] for record in again)  # type: ignore[union-attr]
    assert len(names(*again)) == 2
    assert all(name.startswith("mine, ") for name in names(*again))
    assert {name[6:14] for name in names(*again)} == set(starts)
    assert len(names(cell(seed=1), cell(seed=1))) == 2
    assert names(cell(seed=1), cell(seed=2)) == {"mine", "mine, over seeds"}


def test_outputs_that_may_be_sigmoids_are_marked(tmp_path: Path) -> None:
    class Sigmoids(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.gcn = make()

        def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
            y: Tensor = self.gcn(x, edge_index).sigmoid()
            return y

    message = "read as logits, are all from 0 to 1: if they are sigmoids, the computed loss is not theirs"
    with pytest.warns(UserWarning, match=message), started(tmp_path, Sigmoids()):
        pass
    with started(tmp_path, Sigmoids(), reading="logits"):
        pass


def test_a_loss_that_is_told_stands_alone_in_its_epoch(tmp_path: Path) -> None:
    model = make()
    with started(tmp_path, model) as watched:
        loop(model, DATA, 2, lambda epoch: watched.epoch(loss=99.0 if epoch == 1 else None))
    losses = watched.load().metrics["loss"]
    assert losses.sel(epoch=1, split="train") == 99
    assert losses.sel(epoch=1, split=["val", "test"]).isnull().all()
    assert losses.sel(epoch=2).notnull().all()


def test_what_was_read_of_the_data_is_in_the_record(tmp_path: Path) -> None:
    data = karate_data(y=torch.where(torch.arange(NODES) == 0, -1, DATA.y))
    with watch(make(), data, runs=tmp_path, quiet=True) as watched:
        pass
    assert "1 label missing" in watched.load().summary["warnings"][0]


def test_of_several_columns_the_stated_one_is_scored_and_named(tmp_path: Path) -> None:
    names = [f"{part}_mask" for part in ("train", "val", "test")]
    shifted = {name: torch.stack([DATA[name].roll(k) for k in range(3)], dim=1) for name in names}
    model, data = make(), karate_data(**shifted)
    with pytest.raises(UsageError, match="has 3 columns: say which one you train on, split=0 to split=2"):
        watch(model, data, runs=tmp_path)
    with watch(model, data, runs=tmp_path, split=2, quiet=True) as watched:
        pass
    with torch.no_grad():
        right = (model.eval()(data.x, data.edge_index).argmax(1) == data.y).float()
    record = watched.load()
    assert record.score("test") == pytest.approx(float(right[data.test_mask[:, 2]].mean()))
    assert record.config.watched.split == "column 2"  # type: ignore[union-attr]
    assert "split column 2" in plot_measure_by_layer([record], "mad").to_json()
