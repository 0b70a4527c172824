"""Loss and scores of classification and regression, on train, val and test."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from cna_viz.config import vocabulary


@dataclass(frozen=True)
class Parts:
    """The part (train, val, test) of every row: ``of_row``, int64, ``[rows]``, and the sizes of the parts."""

    of_row: Tensor
    sizes: tuple[int, ...]

    @classmethod
    def of(cls, rows: Sequence[Tensor]) -> "Parts":
        """Return the parts of concatenated rows."""
        sizes = tuple(len(part) for part in rows)
        of_row = torch.arange(len(rows)).repeat_interleave(torch.tensor(sizes))
        return cls(of_row.to(rows[0].device), sizes)

    def mean(self, values: Tensor) -> Tensor:
        """Return the mean of values by part, in float64."""
        # Scattered sums on a GPU are not deterministic in their last digits.
        return torch.stack([part.mean() for part in torch.split(values.double(), list(self.sizes))])


@dataclass(frozen=True)
class Classification:
    """Cross-entropy; accuracy, macro F1 and, if it is the ``metric`` that selects the model, ROC AUC of two classes."""

    metric: str = "accuracy"

    def losses(self, output: Tensor, target: Tensor) -> Tensor:
        """Return the cross-entropy of every row in nats, ``[rows]``, from the logits, ``[rows, classes]``."""
        return F.cross_entropy(output, target, reduction="none")

    def scores(self, output: Tensor, target: Tensor, parts: Parts) -> dict[str, Tensor]:
        """Return accuracy and macro F1, 0 to 1, and ROC AUC if it is the metric, by name and part, ``[parts]``."""
        predicted = output.argmax(dim=1)
        right = predicted == target
        found = {"accuracy": parts.mean(right), "macro_f1": macro_f1(predicted, target, output.shape[1], parts)}
        return found | {"roc_auc": roc_auc(output, target, parts)} if self.metric == "roc_auc" else found

    def prediction(self, output: Tensor) -> Tensor:
        """Return the class with the highest logit, int32, ``[rows]``."""
        return output.argmax(dim=1).to(torch.int32)


@dataclass(frozen=True)
class Regression:
    r"""Squared error; normalized mean squared error and R².

    .. math:: \text{NMSE} = \frac{\text{mean}_i (\hat y_i - y_i)^2}{\bar y}, \qquad
        R^2 = 1 - \frac{\sum_i (\hat y_i - y_i)^2}{\sum_i (y_i - \bar y_P)^2}

    The NMSE is that of Gradient Gating (Rusch et al., arXiv 2210.00513) and of the code released with CNA: divided by
    the mean of *all* targets, so it depends on their unit. R² does not; predicting the mean of the part gives 0.

    Attributes:
        target_mean: Mean of all targets of the dataset, without those of unlabelled nodes; NaN, and with it every NMSE,
            unless it is greater than 0: the worst model would have the lowest.
        metric: ``nmse`` or ``r2``.
    """

    target_mean: float
    metric: str = "nmse"

    def losses(self, output: Tensor, target: Tensor) -> Tensor:
        """Return the squared error of every row."""
        return (output.squeeze(1) - target) ** 2

    def scores(self, output: Tensor, target: Tensor, parts: Parts) -> dict[str, Tensor]:
        """Return NMSE, lower being better, and R²; R² is NaN if all targets are equal."""
        error = parts.mean(self.losses(output, target))
        spread = parts.mean((target - parts.mean(target)[parts.of_row]) ** 2)
        return {"nmse": error / self.target_mean, "r2": 1 - error / torch.where(spread > 0, spread, torch.nan)}

    def prediction(self, output: Tensor) -> Tensor:
        """Return the number itself."""
        return output.squeeze(1).float()


Objective: TypeAlias = Classification | Regression
CLASSIFICATION: Final = Classification()


def make_objective(target: Tensor, metric: str) -> Objective:
    """Return the objective for the targets of a dataset, classes or numbers; ``metric`` selects the model."""
    if not target.is_floating_point():
        return Classification(metric)
    mean = float(target[~target.isnan()].mean())
    return Regression(mean if mean > 0 else math.nan, metric)


def macro_f1(predicted: Tensor, target: Tensor, classes: int, parts: Parts) -> Tensor:
    r"""Return the mean over classes of :math:`F_1 = 2 TP / (2 TP + FP + FN)` by part, as scikit-learn computes it.

    Classes that neither occur nor are predicted don't count.
    """
    first, count = parts.of_row * classes, len(parts.sizes) * classes

    def counted(values: Tensor, weight: Tensor) -> Tensor:
        # Unlike bincount this does not make a GPU wait.
        empty = torch.zeros(count, dtype=torch.float64, device=target.device)
        return empty.scatter_add_(0, first + values, weight)

    ones = torch.ones_like(target, dtype=torch.float64)
    right = counted(target, ones * (predicted == target))
    seen = counted(target, ones) + counted(predicted, ones)
    return (2 * right / seen.clamp(min=1)).view(-1, classes).sum(dim=1) / (seen > 0).view(-1, classes).sum(dim=1)


def roc_auc(output: Tensor, target: Tensor, parts: Parts) -> Tensor:
    """Return the area under the ROC curve of class 1 against class 0 by part.

    The score is the difference of the logits, ``[rows, 2]``; NaN if only one class occurs, or a logit is not finite.
    """
    from sklearn.metrics import roc_auc_score  # takes a second to import, and few datasets need it

    difference = (output[:, 1] - output[:, 0]).double()
    truth, values, part = (tensor.cpu().numpy() for tensor in (target, difference, parts.of_row))
    areas = [
        roc_auc_score(truth[rows], values[rows])
        if 0 < truth[rows].mean() < 1 and np.isfinite(values[rows]).all()
        else torch.nan
        for rows in (part == number for number in range(len(parts.sizes)))
    ]
    return torch.tensor(areas, dtype=torch.float64, device=output.device)


@dataclass(frozen=True)
class Scores:
    """Mean loss by part, scores by name and part (NaN if undefined), and the name of the score that selects."""

    loss: dict[str, float]
    values: dict[str, dict[str, float]]
    metric: str

    def selecting(self) -> float:
        """Return the validation score that selects the model, with its sign such that more is better; NaN is worst."""
        score = self.values[self.metric]["val"]
        if score != score:
            return -torch.inf
        return -score if self.metric in vocabulary.LOWER_IS_BETTER else score


@torch.no_grad()
def evaluate(
    model: nn.Module,
    inputs: tuple[Any, ...],
    target: Tensor,
    parts: Mapping[str, Tensor],
    objective: Objective = CLASSIFICATION,
) -> Scores:
    """Score the model in evaluation mode on all parts (such as train, val and test) with one forward pass.

    ``model(*inputs)`` returns ``[rows, outputs]``, a row per node or per graph, with one ``target`` each.
    """
    model.eval()
    return score(model(*inputs), target, parts, objective)


def score(output: Tensor, target: Tensor, parts: Mapping[str, Tensor], objective: Objective) -> Scores:
    """Score an output, ``[rows, outputs]``, on the rows of every part; none may be empty."""
    rows, grouped = torch.cat(list(parts.values())), Parts.of(list(parts.values()))
    output, target = output[rows], target[rows]
    found = {"loss": grouped.mean(objective.losses(output, target)), **objective.scores(output, target, grouped)}
    # One transfer for all numbers: reading them one by one would make a GPU wait for each.
    table = torch.stack(list(found.values())).tolist()
    values = {name: dict(zip(parts, row, strict=True)) for name, row in zip(found, table, strict=True)}
    return Scores(values.pop("loss"), values, objective.metric)
