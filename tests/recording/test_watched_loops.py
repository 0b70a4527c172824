"""Training loops as people write them: each trains as without `watch`, and its record says what there was."""

import io
from collections.abc import Callable, Iterator
from copy import deepcopy
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.distributed as dist
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.checkpoint import checkpoint
from torch_geometric.data import Batch, Data
from torch_geometric.loader import DataLoader, RandomNodeLoader
from torch_geometric.nn import GCNConv, global_mean_pool

from cna_viz.errors import UsageError
from cna_viz.recording.watch import Watch, watch
from cna_viz.records.verify import find_problems
from tests.recording.helpers import NODES, hooks, karate_data, loop, states_equal

DATA = karate_data()


class Net(nn.Module):
    """Written by hand; may recompute its layers in the backward pass."""

    def __init__(self, *, checkpointed: bool | None = None) -> None:
        super().__init__()
        self.convs = nn.ModuleList(GCNConv(*sizes) for sizes in pairwise((NODES, 8, 8, 4)))
        self.checkpointed = checkpointed  # None: not at all; else whether reentrant

    def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
        for conv in self.convs:
            if self.checkpointed is None:
                x = conv(x, edge_index)
            else:
                x = checkpoint(conv, x, edge_index, use_reentrant=self.checkpointed)
            x = x if conv is self.convs[-1] else x.relu()
        return x


def make(**options: Any) -> nn.Module:
    torch.manual_seed(0)
    return Net(**options)


Loop = Callable[[nn.Module, Callable[[], object]], None]


def loss_of(model: nn.Module, data: Data = DATA) -> Tensor:
    output = model.train()(data.x, data.edge_index)
    return F.cross_entropy(output[data.train_mask], data.y[data.train_mask])


def accumulating(model: nn.Module, close: Callable[[], object]) -> None:
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(3):
        optimizer.zero_grad()
        for _ in range(3):
            (loss_of(model) / 3).backward()
        optimizer.step()
        close()


def lbfgs(model: nn.Module, close: Callable[[], object]) -> None:
    optimizer = torch.optim.LBFGS(model.parameters(), max_iter=4)

    def closure() -> float:
        optimizer.zero_grad()
        loss = loss_of(model)
        loss.backward()
        return float(loss.detach())

    for _ in range(3):
        optimizer.step(closure)
        close()


def batches(model: nn.Module, close: Callable[[], object]) -> None:
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(3):
        for batch in RandomNodeLoader(DATA, num_parts=3, shuffle=True):
            if batch.train_mask.any():
                optimizer.zero_grad()
                loss_of(model, batch).backward()
                optimizer.step()
        close()


def validating_with_gradients(model: nn.Module, close: Callable[[], object]) -> None:
    """Forgets torch.no_grad() in its validation."""
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(3):
        optimizer.zero_grad()
        loss_of(model).backward()
        optimizer.step()
        model.eval()
        model(DATA.x, DATA.edge_index).argmax(1)
        close()


def frozen_below(model: nn.Module, close: Callable[[], object]) -> None:
    """Fine-tunes the last layer only."""
    for parameter in model.convs[:2].parameters():  # type: ignore[index, union-attr]
        parameter.requires_grad_(False)
    optimizer = torch.optim.Adam([one for one in model.parameters() if one.requires_grad], lr=0.02)
    for _ in range(3):
        optimizer.zero_grad()
        loss_of(model).backward()
        optimizer.step()
        close()


LOOPS: dict[str, Loop] = {
    "accumulating": accumulating,
    "lbfgs": lbfgs,
    "batches": batches,
    "validating": validating_with_gradients,
    "frozen": frozen_below,
}


def started(runs: Path, model: nn.Module, data: Any = DATA, **options: Any) -> Watch:
    return watch(model, data, runs=runs, precision="float32", quiet=True, **options)


def is_right(watched: Watch, model: nn.Module, inputs: tuple[Any, ...] = (DATA.x, DATA.edge_index)) -> None:
    """Check that the last layer of the record is the output of the model as it is now."""
    record = watched.load()
    with torch.no_grad():
        output = model.eval()(*inputs).numpy()
    assert np.allclose(record.embedding(record.layers, "conv").values, output, rtol=1e-5, atol=1e-6)
    assert find_problems(record.folder) == []
    assert hooks(model) == 0


@pytest.mark.parametrize("name", LOOPS)
def test_loops_train_as_without(tmp_path: Path, name: str) -> None:
    plain, model = make(), make()
    torch.manual_seed(1)
    LOOPS[name](plain, lambda: None)
    torch.manual_seed(1)
    with started(tmp_path, model) as watched:
        LOOPS[name](model, watched.epoch)
    assert states_equal(plain.state_dict(), model.state_dict())
    is_right(watched, model)
    norms = watched.load().metrics["gradient_norm"].sel(stage="conv", epoch=slice(1, None))
    assert bool(norms.sel(layer=3).notnull().all())
    assert bool(norms.sel(layer=1).isnull().all()) is (name == "frozen")


@pytest.mark.parametrize("reentrant", [True, False])
@pytest.mark.filterwarnings("ignore:None of the inputs have requires_grad=True")  # the first layer of a reentrant one
def test_layers_that_run_again_in_the_backward_pass_count_once(tmp_path: Path, reentrant: bool) -> None:
    plain, model, data = make(), make(checkpointed=reentrant), karate_data(x=DATA.x.clone().requires_grad_())
    losses = loop(plain, data, 3)
    with started(tmp_path, model, data) as watched:
        again = loop(model, data, 3, lambda epoch: watched.epoch())
    assert again == losses
    is_right(watched, model)
    assert watched.load().layers == 3


def test_two_models_in_turn_have_records_of_their_own(tmp_path: Path) -> None:
    one, other = make(), make()
    with started(tmp_path, one) as first, started(tmp_path, other) as second:
        for _ in range(2):
            loop(one, DATA, 1)
            first.epoch()
            loop(other, DATA, 2)
            second.epoch()
    is_right(first, one)
    is_right(second, other)


def test_models_can_be_saved_and_copied_while_they_are_watched(tmp_path: Path) -> None:
    model, file = make(), io.BytesIO()
    with started(tmp_path, model) as watched:
        loop(model, DATA, 1, lambda epoch: watched.epoch())
        torch.save(model, file)
        copy = deepcopy(model)
        loop(copy, DATA, 2)  # is not heard
        watched.epoch()
    file.seek(0)
    saved = torch.load(file, weights_only=False)
    assert states_equal(saved.state_dict(), model.state_dict())
    loop(saved, DATA, 1)
    assert watched.load().metrics["gradient_norm"].sel(epoch=2).isnull().all()
    is_right(watched, model)


def test_data_parallel_is_watched_inside(tmp_path: Path) -> None:
    model = make()
    with started(tmp_path, nn.DataParallel(model)) as watched:
        loop(nn.DataParallel(model), DATA, 2, lambda epoch: watched.epoch())
    is_right(watched, model)
    assert watched.load().config.slot == "Net"


@pytest.fixture
def process_group(tmp_path: Path) -> Iterator[None]:
    dist.init_process_group("gloo", init_method=f"file://{tmp_path}/store", rank=0, world_size=1)
    yield
    dist.destroy_process_group()


@pytest.mark.usefixtures("process_group")
def test_distributed_data_parallel_is_watched_inside(tmp_path: Path) -> None:
    plain, model = make(), make()
    losses = loop(plain, DATA, 3)
    parallel = DistributedDataParallel(model)
    with started(tmp_path, parallel) as watched:
        again = loop(parallel, DATA, 3, lambda epoch: watched.epoch())
    assert again == losses
    is_right(watched, model)
    assert bool(watched.load().metrics["gradient_norm"].sel(stage="conv", epoch=slice(1, None)).notnull().all())


# Graphs


class Pooled(nn.Module):
    """Classifies graphs."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2, self.head = GCNConv(3, 8), GCNConv(8, 8), nn.Linear(8, 2)

    def forward(self, x: Tensor, edge_index: Tensor, batch: Tensor) -> Tensor:
        y: Tensor = self.head(global_mean_pool(self.conv2(self.conv1(x, edge_index).relu(), edge_index), batch))
        return y


def graphs() -> list[Data]:
    generator = torch.Generator().manual_seed(0)
    ring = torch.tensor([[0, 1, 2, 3, 4], [1, 2, 3, 4, 0]])
    sizes = torch.randint(5, 8, (12,), generator=generator).tolist()
    return [
        Data(x=torch.rand(size, 3, generator=generator) + number % 2, edge_index=ring, y=torch.tensor([number % 2]))
        for number, size in enumerate(sizes)
    ]


@pytest.mark.parametrize("batched", [False, True])
def test_batches_of_graphs_with_pooling(tmp_path: Path, batched: bool) -> None:
    torch.manual_seed(0)
    model, many = Pooled(), graphs()
    parts = {"train": range(6), "val": [6, 7, 8], "test": torch.tensor([9, 10, 11])}
    whole = Batch.from_data_list(many)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    with started(tmp_path, model, whole if batched else many, split=parts) as watched:
        for _ in range(3):
            for batch in DataLoader(many[:6], batch_size=2):
                optimizer.zero_grad()
                F.cross_entropy(model.train()(batch.x, batch.edge_index, batch.batch), batch.y).backward()
                optimizer.step()
            watched.epoch()
    record = watched.load()
    with torch.no_grad():
        found = model.eval()(whole.x, whole.edge_index, whole.batch).argmax(1)
    right = (found == whole.y).float()
    assert record.config.task == "graph-classification"
    assert record.score("test") == pytest.approx(float(right[9:].mean()))
    assert record.score("train") == pytest.approx(float(right[:6].mean()))
    assert record.prediction().values.tolist() == found[whole.batch].tolist()
    assert record.graph["graph_of_node"].values.tolist() == whole.batch.tolist()
    assert (record.layers, record.embedding(1, "conv").shape) == (2, (whole.num_nodes, 8))
    assert find_problems(record.folder) == []


@pytest.mark.filterwarnings("ignore:`torch.jit.:DeprecationWarning")
def test_a_scripted_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="watch the Python model"):
        started(tmp_path, torch.jit.trace(nn.Linear(2, 2), torch.zeros(3, 2)))


def _rank(rank: int, folder: str) -> None:
    """Train in one of two processes; the first one watches."""
    dist.init_process_group("gloo", init_method=f"file://{folder}/store", rank=rank, world_size=2)
    model = make()
    parallel = DistributedDataParallel(model)
    if rank == 0:
        with started(Path(folder), parallel) as watched:
            loop(parallel, DATA, 3, lambda epoch: watched.epoch())
        is_right(watched, model)
    else:
        loop(parallel, DATA, 3)
    torch.save(model.state_dict(), f"{folder}/{rank}.pt")
    dist.destroy_process_group()


@pytest.mark.slow
def test_one_of_two_processes_watches(tmp_path: Path) -> None:
    torch.multiprocessing.spawn(_rank, (str(tmp_path),), nprocs=2)  # type: ignore[no-untyped-call]
    plain = make()
    loop(plain, DATA, 3)
    for rank in (0, 1):
        assert states_equal(torch.load(tmp_path / f"{rank}.pt"), plain.state_dict())


def test_a_graph_of_a_list_that_is_replaced_is_noticed(tmp_path: Path) -> None:
    many = graphs()
    watched = started(tmp_path, Pooled(), many, split={"train": range(12)})
    with pytest.raises(UsageError, match=r"data\[3\]\.y was replaced since watch began"), watched:  # noqa: PT012
        many[3].y = torch.tensor([0])
        watched.epoch()
