"""Which tensor of an output is scored."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor

from cna_viz.errors import UsageError
from cna_viz.recording.watched.output.choice import as_path, find_path, path_name, pick

ROWS = 5
LOGITS, HIDDEN, ATTENTION = torch.randn(ROWS, 3), torch.randn(ROWS, 8), torch.randn(12, 2)


class Named(NamedTuple):
    loss: Tensor | None
    logits: Tensor


@dataclass
class Answer:
    logits: Tensor
    hidden: Any = None


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        (LOGITS, ()),
        (LOGITS[:, 0], ()),
        ((LOGITS,), (0,)),
        ([torch.tensor(0.5), LOGITS], (1,)),
        ((LOGITS, (torch.zeros(2, 12, dtype=torch.long), ATTENTION)), (0,)),
        ((None, {"a": [LOGITS], "classes": LOGITS.argmax(dim=1)}), (1, "a", 0)),
        (OrderedDict(loss=torch.tensor(0.5), logits=LOGITS), ("logits",)),
        (Named(None, LOGITS), (1,)),
        (Answer(LOGITS), ("logits",)),
        ((Answer(ATTENTION, [LOGITS]), 3), (0, "hidden", 0)),
    ],
)
def test_the_only_tensor_with_a_row_for_each_is_found(raw: Any, path: tuple[Any, ...]) -> None:
    assert find_path(raw, ROWS, "GCN") == path
    assert len(pick(raw, path, ROWS)) == ROWS


@pytest.mark.parametrize(
    ("raw", "listing"),
    [
        ((HIDDEN, LOGITS), r"output=0 is torch\.float32 \[5, 8\], output=1 is torch\.float32 \[5, 3\]"),
        ({"hidden": HIDDEN, "logits": LOGITS}, "output='hidden' is .*output='logits' is torch"),
        ((ATTENTION, Answer(LOGITS, HIDDEN)), r"output=\(1, 'logits'\) is .*output=\(1, 'hidden'\) is"),
    ],
)
def test_several_tensors_are_refused_with_the_argument_for_each(raw: Any, listing: str) -> None:
    with pytest.raises(
        UsageError, match=f"GCN returns 2 tensors with a row for each of 5, .*: pass output=.* or .*; {listing}"
    ):
        find_path(raw, ROWS, "GCN")


@pytest.mark.parametrize(
    ("raw", "listing"),
    [
        (None, "NoneType"),
        (torch.zeros(ROWS, dtype=torch.long), r"torch\.int64 \[5\]"),
        (torch.zeros(ROWS, 2, 2), r"torch\.float32 \[5, 2, 2\]"),
        (torch.zeros(ROWS, 2).to_sparse(), r"torch\.float32 \[5, 2\]"),
        (torch.zeros(ROWS, 0), r"torch\.float32 \[5, 0\]"),
        ((ATTENTION, torch.tensor(0.5)), r"output=0 is torch\.float32 \[12, 2\], output=1 is torch\.float32 \[\]"),
    ],
)
def test_an_output_without_a_row_for_each_is_refused_with_the_ways_out(raw: Any, listing: str) -> None:
    with pytest.raises(UsageError, match=f'GCN returns no .* each of 5, only {listing}: pass output=.*task="none"'):
        find_path(raw, ROWS, "GCN")


@pytest.mark.parametrize(
    ("raw", "output", "name"),
    [
        ((HIDDEN, LOGITS), 1, "output[1]"),
        ((HIDDEN, LOGITS), -1, "output[-1]"),
        ({"h": HIDDEN, "logits": LOGITS}, "logits", "output['logits']"),
        ((HIDDEN, {"logits": [LOGITS]}), (1, "logits", 0), "output[1]['logits'][0]"),
        ((HIDDEN, {"logits": [LOGITS]}), [1, "logits", 0], "output[1]['logits'][0]"),
        (Named(HIDDEN, LOGITS), "logits", "output['logits']"),
        (Answer(LOGITS, HIDDEN), "logits", "output['logits']"),
        ((HIDDEN, LOGITS), lambda raw: raw[1], "the result of output="),
    ],
)
def test_output_states_the_tensor(raw: Any, output: Any, name: str) -> None:
    assert pick(raw, as_path(output), ROWS) is LOGITS
    assert path_name(as_path(output)) == name


@pytest.mark.parametrize(
    ("raw", "output", "message"),
    [
        ((HIDDEN, LOGITS), 2, "output = 2 is not there: output=0 is .*output=1 is"),
        ((HIDDEN, LOGITS), "logits", "output = 'logits' is not there: output=0 is"),
        (LOGITS, 0, r"output = 0 is not there: torch\.float32 \[5, 3\]"),
        (None, "logits", "output = 'logits' is not there: NoneType"),
        ((HIDDEN, [LOGITS]), (1, 1), r"output = \(1, 1\) is not there"),
        ((HIDDEN, [LOGITS]), 1, r"output\[1\] is list, not floating point with a row for each of 5"),
        ((LOGITS, ATTENTION), 1, r"output\[1\] is torch\.float32 of shape \[12, 2\]"),
        (LOGITS, lambda raw: raw.argmax(dim=1), r"the result of output= is torch\.int64 of shape \[5\]"),
    ],
)
def test_what_does_not_fit_is_refused(raw: Any, output: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        pick(raw, as_path(output), ROWS)


def test_an_output_with_its_keys_as_attributes_is_followed_by_key() -> None:
    class Dotted(dict[str, Tensor]):
        __getattr__ = dict.get

    raw = Dotted(h=HIDDEN, logits=LOGITS)
    assert pick(raw, as_path("logits"), ROWS) is LOGITS
    with pytest.raises(UsageError, match="pass output='h' or output='logits'; output='h' is"):
        find_path(raw, ROWS, "GCN")
