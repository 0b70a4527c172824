"""The ledger of claims: what is published, under which protocol, what was measured here, and what that says.

    >>> from cna_viz.analysis import claims
    >>> chosen, plan = claims.read_claims(), claims.Plan(seeds=(0, 1, 2))
    >>> evidence = claims.gather(plan.all_configs(chosen), "runs")
    >>> claims.ledger(claims.judge_all(chosen, plan, evidence))

A file per step: ``model`` and ``kinds`` say what a claim is, ``reading`` takes claims from YAML, ``plan`` makes their
runs, ``evidence`` opens the records, ``measured`` computes what is claimed, ``rules`` decides, ``judging`` joins all of
that, ``words``, ``sentences`` and ``table`` show it. How to add a claim stands in docs/claims.md.
"""

from cna_viz.analysis.claims.evidence import Evidence, gather
from cna_viz.analysis.claims.judging import Judged, judge, judge_all, with_numbers
from cna_viz.analysis.claims.model import Claim
from cna_viz.analysis.claims.plan import Plan, about, networks
from cna_viz.analysis.claims.reading import choose, read_claims
from cna_viz.analysis.claims.sentences import counts_sentence, plan_sentence
from cna_viz.analysis.claims.table import as_data, as_html, ledger

__all__ = [
    "Claim",
    "Evidence",
    "Judged",
    "Plan",
    "about",
    "as_data",
    "as_html",
    "choose",
    "counts_sentence",
    "gather",
    "judge",
    "judge_all",
    "ledger",
    "networks",
    "plan_sentence",
    "read_claims",
    "with_numbers",
]
