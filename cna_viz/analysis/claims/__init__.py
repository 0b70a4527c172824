"""The ledger of claims: published numbers, the numbers measured here, and the verdicts.

    >>> from cna_viz.analysis import claims
    >>> chosen, plan = claims.read_claims(), claims.Plan()
    >>> evidence = claims.gather(plan.all_configs(chosen), "runs")
    >>> claims.ledger(claims.judge_all(chosen, plan, evidence))

A file per step: ``model`` and ``kinds`` define claims, ``released`` has the settings of the released configs,
``agreement`` compares them with ours, ``reading`` takes claims from YAML, ``plan`` makes their runs,
``measured`` opens the records and computes what is claimed, ``rules`` decides, ``judging`` joins all of that, ``table``
shows it. docs/claims.md explains how to add a claim.
"""

from cna_viz.analysis.claims.agreement import Compared, compare_settings, unexplained, unexplained_sentence
from cna_viz.analysis.claims.judging import (
    JudgedClaim,
    counts_sentence,
    judge,
    judge_all,
    plan_sentence,
    with_numbers,
)
from cna_viz.analysis.claims.measured import Evidence, gather
from cna_viz.analysis.claims.model import Claim
from cna_viz.analysis.claims.plan import Plan, about, networks
from cna_viz.analysis.claims.reading import choose, read_claims
from cna_viz.analysis.claims.released import released_configs, released_settings
from cna_viz.analysis.claims.table import as_data, as_html, ledger

__all__ = [
    "Claim",
    "Compared",
    "Evidence",
    "JudgedClaim",
    "Plan",
    "about",
    "as_data",
    "as_html",
    "choose",
    "compare_settings",
    "counts_sentence",
    "gather",
    "judge",
    "judge_all",
    "ledger",
    "networks",
    "plan_sentence",
    "read_claims",
    "released_configs",
    "released_settings",
    "unexplained",
    "unexplained_sentence",
    "with_numbers",
]
