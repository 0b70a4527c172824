"""Sentences about a ledger that are computed."""

from collections import Counter
from collections.abc import Sequence

from cna_viz.analysis.claims.judging import Judged, with_numbers
from cna_viz.analysis.claims.model import Trained
from cna_viz.analysis.claims.plan import Plan
from cna_viz.analysis.claims.rules import VERDICTS
from cna_viz.errors import UsageError


def counts_sentence(judged: Sequence[Judged]) -> str:
    """Say how many claims got which verdict, as Markdown.

    Raises:
        UsageError: When there are no claims.
    """
    if not judged:
        raise UsageError("there are no claims to count")
    counts = Counter(one.verdict for one in judged)
    parts = [f"**{counts[verdict]}** {verdict}" for verdict in VERDICTS if counts[verdict]]
    return f"Of {_count(len(judged), 'claim')}: {', '.join(parts)}."


def plan_sentence(judged: Sequence[Judged], plan: Plan) -> str:
    """Say how the runs of this ledger were made, as Markdown."""
    tested = [one for one in judged if isinstance(one.claim, Trained)]
    if not tested:
        return "None of these claims is about what training gives: nothing was trained for them."
    return (
        f"Our runs: {_count(len(set(plan.seeds)), 'seed')} per arm, at most {_count(plan.epochs, 'epoch')}, the model "
        f"of the best *validation* epoch, nothing tuned. They give a number to "
        f"{len(with_numbers(judged))} of the {_count(len(tested), 'claim')} that training can test."
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
