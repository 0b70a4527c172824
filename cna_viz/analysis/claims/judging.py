"""From a claim and its evidence to a verdict."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cna_viz.analysis.claims.evidence import Evidence
from cna_viz.analysis.claims.kinds import Parameters, Untestable
from cna_viz.analysis.claims.measured import Measured, measure
from cna_viz.analysis.claims.model import Claim, Trained
from cna_viz.analysis.claims.plan import Plan
from cna_viz.analysis.claims.rules import Verdict, verdict


@dataclass(frozen=True)
class Judged:
    """A claim with what was found here.

    Attributes:
        claim: The claim.
        verdict: The verdict.
        why: Why, in words.
        fair: What the runs say on the fair split; None where nothing is run.
        own: What they say under the protocol the number was made under; None where that can't be followed here.
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


def judge(claim: Claim, plan: Plan, evidence: Evidence) -> Judged:
    """Return the verdict on a claim.

    The rules for what training gives are those of :mod:`cna_viz.analysis.claims.rules`. A number of weights is
    *reproduced* where the weights of the convolutions and those that the published network has and never uses add up to
    it exactly, else *not reproduced*. Whatever is missing makes a claim one that *cannot be tested here*, and is named.

    Args:
        claim: The claim.
        plan: What all runs share.
        evidence: Records, failures and counts.
    """
    if isinstance(claim, Parameters):
        return _judge_parameters(claim, evidence.counts.get(claim.id, {}))
    if isinstance(claim, Trained):
        return _judge_trained(claim, plan, evidence)
    assert isinstance(claim, Untestable)
    return Judged(claim, "cannot be tested here", claim.why)


def judge_all(claims: Sequence[Claim], plan: Plan, evidence: Evidence) -> list[Judged]:
    """Return the verdicts on several claims, in their order; arguments as in :func:`judge`."""
    return [judge(claim, plan, evidence) for claim in claims]


def _judge_trained(claim: Trained, plan: Plan, evidence: Evidence) -> Judged:
    fair = measure(claim, "fair", plan, evidence)
    own = measure(claim, "own", plan, evidence) if claim.own is not None else None
    said = [f"fair split: {fair.why}", *([] if own is None else [f"its own split: {own.why}"])]
    found = verdict(fair.outcome, None if own is None else own.outcome)
    same = own is not None and own.why == fair.why
    return Judged(claim, found, fair.why if same else "; ".join(said), fair, own)


def _judge_parameters(claim: Parameters, counts: Mapping[str, int]) -> Judged:
    if not counts:
        return Judged(claim, "cannot be tested here", "its weights were not counted")
    ours = counts["convolutions"] + claim.unused
    unused = f" and {claim.unused:,} that are never used" if claim.unused else ""
    why = (
        f"{counts['convolutions']:,} weights of convolutions{unused} make {ours:,}; "
        f"learned activations, {counts['slots']:,} more, are not counted there"
    )
    return Judged(claim, "reproduced" if ours == claim.published else "not reproduced", why, counts=counts)


def with_numbers(judged: Sequence[Judged]) -> list[Judged]:
    """Return the claims that runs of ours give a number to."""
    return [one for one in judged if one.measured]
