"""Adam's two groups, and the memory that a step keeps."""

import platform
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from cna_viz.config import TrainingConfig
from cna_viz.nn.cna import CNA
from cna_viz.nn.rational import Rational
from cna_viz.training import step
from cna_viz.training.step import KEPT, LARGEST, adam, keep_freed_memory

CONFIG = TrainingConfig(lr=0.02, lr_activation=0.003, weight_decay=0.5)


def test_rationals_have_their_own_rate_and_no_decay() -> None:
    model = nn.Sequential(nn.Linear(3, 4), CNA(4, 2), nn.Linear(4, 4), Rational(), nn.Linear(4, 2, bias=False))
    optimizer = adam(model, CONFIG)
    assert type(optimizer) is torch.optim.Adam
    weights, activation = optimizer.param_groups
    assert (weights["lr"], weights["weight_decay"]) == (0.02, 0.5)
    assert (activation["lr"], activation["weight_decay"]) == (0.003, 0)
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    assert {names[id(parameter)] for parameter in activation["params"]} == {
        "1.activation.numerator",
        "1.activation.denominator",
        "3.numerator",
        "3.denominator",
    }
    grouped = [id(parameter) for group in (weights, activation) for parameter in group["params"]]
    assert sorted(grouped) == sorted(names)


def test_without_rationals_there_is_one_group() -> None:
    (group,) = adam(nn.Linear(3, 4), CONFIG).param_groups
    assert group["lr"] == 0.02


def test_only_rationals() -> None:
    (group,) = adam(Rational(), CONFIG).param_groups
    assert group["lr"] == 0.003


def test_decay_pulls_weights_and_leaves_rationals() -> None:
    model = nn.Sequential(nn.Linear(3, 4), Rational())
    optimizer = adam(model, CONFIG)
    before = [parameter.detach().clone() for parameter in model.parameters()]
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    moved = [not torch.equal(now, then) for now, then in zip(model.parameters(), before, strict=True)]
    assert moved == [True, True, False, False]


def test_shared_parameters_are_updated_once() -> None:
    first = CNA(4, 2)
    twin = Rational(2)
    twin.numerator = first.activation.numerator  # type: ignore[assignment]
    linear = nn.Linear(4, 4)
    model = nn.ModuleList([linear, first, first.sharing(), first.sharing(), twin, linear])
    weights, activation = adam(model, CONFIG).param_groups
    assert [id(parameter) for parameter in weights["params"]] == [id(linear.weight), id(linear.bias)]
    wanted = [first.activation.numerator, first.activation.denominator, twin.denominator]
    assert {id(parameter) for parameter in activation["params"]} == {id(parameter) for parameter in wanted}
    assert len(activation["params"]) == len(wanted)


@pytest.mark.parametrize(("dtype", "fused"), [(torch.float32, True), (torch.float64, True), (torch.complex64, None)])
def test_fused_where_possible(dtype: torch.dtype, fused: bool | None) -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2, dtype=dtype))
    assert [group["fused"] for group in adam(model, CONFIG).param_groups] == [fused]


def test_fused_steps_are_those_of_plain_adam() -> None:
    models = [nn.Sequential(nn.Linear(3, 4), Rational()).double() for _ in range(2)]
    models[1].load_state_dict(models[0].state_dict())
    fused, plain = adam(models[0], CONFIG), adam(models[1], CONFIG)
    for group in plain.param_groups:
        group["fused"] = None
    x = torch.randn(20, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    for _ in range(5):
        for model, optimizer in zip(models, (fused, plain), strict=True):
            optimizer.zero_grad()
            model(x).square().mean().backward()
            optimizer.step()
    for one, other in zip(models[0].parameters(), models[1].parameters(), strict=True):
        assert torch.allclose(one, other, rtol=1e-10, atol=1e-12)


SETTINGS = ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "GLIBC_TUNABLES", "LD_PRELOAD")


class Library:
    """Stands for glibc; refuses the settings that it is told to refuse."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, int]] = []
        self.refused: set[int] = set()

    def mallopt(self, setting: int, value: int) -> int:
        self.asked.append((setting, value))
        return int(setting not in self.refused)


@pytest.fixture(autouse=True)
def asked_anew(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Forget what was asked before, and let the environment say nothing."""
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    keep_freed_memory.cache_clear()
    yield
    keep_freed_memory.cache_clear()


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Library:
    """Return the C library, which is glibc."""
    library = Library()
    monkeypatch.setattr(step, "ctypes", SimpleNamespace(CDLL=lambda name: library))
    monkeypatch.setattr(platform, "libc_ver", lambda: ("glibc", "2.36"))
    return library


def test_glibc_is_asked_once(library: Library) -> None:
    assert keep_freed_memory()
    assert keep_freed_memory()
    assert sorted(library.asked) == [(-3, LARGEST), (-1, KEPT)]


@pytest.mark.parametrize("name", SETTINGS)
def test_what_the_environment_says_stands(library: Library, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "1")
    assert not keep_freed_memory()
    assert library.asked == []


@pytest.mark.parametrize("name", ["", "musl"])
def test_no_other_library_is_asked(library: Library, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(platform, "libc_ver", lambda: (name, ""))
    assert not keep_freed_memory()
    assert library.asked == []


@pytest.mark.parametrize("setting", [-1, -3])
def test_a_setting_that_is_refused_is_not_kept(library: Library, setting: int) -> None:
    library.refused.add(setting)
    assert not keep_freed_memory()


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="there is no glibc to ask")
def test_this_glibc_takes_the_settings() -> None:
    assert keep_freed_memory()
