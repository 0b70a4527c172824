"""From a claim and its evidence to a verdict, and a ledger in two sentences."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cna_viz.analysis.claims.kinds import Parameters, Untestable
from cna_viz.analysis.claims.measured import Evidence, Measured, measure
from cna_viz.analysis.claims.model import Claim, Trained
from cna_viz.analysis.claims.plan import Plan
from cna_viz.analysis.claims.rules import VERDICTS, Verdict, verdict
from cna_viz.analysis.words import counted
from cna_viz.errors import UsageError


@dataclass(frozen=True)
class JudgedClaim:
    """A claim with its verdict and the reason in words.

    Attributes:
        fair: What the runs say on the fair split; None where nothing is run.
        own: What they say under the protocol of the source; None where that can't be followed here.
        counts: Numbers of weights, of claims about these: ``convolutions``, ``slots`` and ``total``.
    """

    claim: Claim
    verdict: Verdict
    why: str
    fair: Measured | None = None
    own: Measured | None = None
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def measured(self) -> list[Measured]:
        """What was measured, where it has a number: under its own protocol, then on the fair split."""
        return [one for one in (self.own, self.fair) if one is not None and one.interval is not None]


def judge(claim: Claim, plan: Plan, evidence: Evidence) -> JudgedClaim:
    """Return the verdict on a claim.

    Claims about training follow the rules of :mod:`cna_viz.analysis.claims.rules`. A number of weights is *reproduced*
    where the weights of the convolutions and those that the published network has and never uses add up to it exactly,
    else *not reproduced*. A claim with missing evidence *cannot be tested here*, and ``why`` names what is missing.
    """
    if isinstance(claim, Parameters):
        return _judge_parameters(claim, evidence.counts.get(claim.id, {}))
    if isinstance(claim, Trained):
        return _judge_trained(claim, plan, evidence)
    assert isinstance(claim, Untestable)
    return JudgedClaim(claim, "cannot be tested here", claim.why)


def judge_all(claims: Sequence[Claim], plan: Plan, evidence: Evidence) -> list[JudgedClaim]:
    """Return the verdicts on several claims, in their order; arguments as in :func:`judge`."""
    return [judge(claim, plan, evidence) for claim in claims]


def with_numbers(judged: Sequence[JudgedClaim]) -> list[JudgedClaim]:
    """Return the claims that our runs give a number to."""
    return [one for one in judged if one.measured]


def counts_sentence(judged: Sequence[JudgedClaim]) -> str:
    """Return how many claims got which verdict, as Markdown.

    Raises:
        UsageError: When there are no claims.
    """
    if not judged:
        raise UsageError("no claims to count")
    counts = Counter(one.verdict for one in judged)
    parts = [f"**{counts[verdict]}** {verdict}" for verdict in VERDICTS if counts[verdict]]
    return f"Of {counted(len(judged), 'claim')}: {', '.join(parts)}."


def plan_sentence(judged: Sequence[JudgedClaim], plan: Plan) -> str:
    """Return how the runs of this ledger were made, as Markdown."""
    tested = [one for one in judged if isinstance(one.claim, Trained)]
    if not tested:
        return "None of these claims is about training, so nothing was trained for them."
    epochs = "the epochs of each claim" if plan.epochs is None else f"at most {counted(plan.epochs, 'epoch')}"
    return (
        f"Our runs: {counted(len(set(plan.seeds)), 'seed')} per arm, {epochs}, the "
        f"model of the best *validation* epoch, nothing tuned. They give a number to {len(with_numbers(judged))} of "
        f"the {counted(len(tested), 'claim')} that training can test."
    )


def _judge_trained(claim: Trained, plan: Plan, evidence: Evidence) -> JudgedClaim:
    fair = measure(claim, "fair", plan, evidence)
    own = measure(claim, "own", plan, evidence) if claim.own is not None else None
    reasons = [f"fair split: {fair.why}", *([] if own is None else [f"its own split: {own.why}"])]
    found = verdict(fair.outcome, None if own is None else own.outcome)
    same = own is not None and own.why == fair.why
    return JudgedClaim(claim, found, fair.why if same else "; ".join(reasons), fair, own)


def _judge_parameters(claim: Parameters, counts: Mapping[str, int]) -> JudgedClaim:
    if not counts:
        return JudgedClaim(claim, "cannot be tested here", "its weights were not counted")
    ours = counts["convolutions"] + claim.unused
    unused = f" and {claim.unused:,} that are never used" if claim.unused else ""
    why = (
        f"{counts['convolutions']:,} weights of convolutions{unused} make {ours:,}; "
        f"learned activations, {counts['slots']:,} more, are not counted there"
    )
    return JudgedClaim(claim, "reproduced" if ours == claim.published else "not reproduced", why, counts=counts)
