"""The ledger as a table, as HTML and in sentences."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from cna_viz.analysis.claims import Evidence, Plan, as_data, as_html, counts_sentence, judge_all, ledger, plan_sentence
from cna_viz.analysis.claims.kinds import KINDS
from cna_viz.analysis.claims.rules import VERDICTS
from cna_viz.analysis.claims.table import COLUMNS, TOPICS
from cna_viz.errors import UsageError
from cna_viz.reports.page.outputs import clean_table

Make = Callable[..., Any]


def test_a_row_per_claim_with_its_protocol_and_what_was_measured(make_claim: Make, plan: Plan, recorded: Make) -> None:
    slope = make_claim("slope", id="falls", own={"split": "random-60-20-20"}, here={"lr": "a guess", "hidden": "small"})
    fair = {"arm": [60.0, 61.0, 62.0, 60.5, 61.5], "baseline": [80.0, 81.0, 82.5, 80.5, 81.5]}
    own = {"arm": [50.0, 51.0, 52.0, 50.5, 51.5], "baseline": [80.0, 81.0, 82.5, 80.5, 81.5]}
    evidence = recorded(slope, plan, fair=fair, own=own)
    count = make_claim("parameters", id="count")
    evidence = Evidence(evidence.records, counts={"count": {"convolutions": 388440, "slots": 100, "total": 388540}})
    table = ledger(judge_all([slope, count, make_claim("none")], plan, evidence))
    assert list(table.columns) == list(COLUMNS)
    assert list(table.index) == ["falls", "count", "one"]
    assert table.loc["falls", "published"] == "−20 points (60 vs. 80)"
    assert table.loc["falls", "source"] == "Figure 1 (first hand)"
    assert table.loc["falls", "protocol"] == "unknown"
    assert table.loc["falls", "settings here"] == "lr: a guess; hidden: small"
    assert table.loc["falls", "fair split"] == (
        "−20.1 points\n[−20.4, −19.8]\nrelu on random-80-10-10\n(61.0 % vs. 81.1 %)"
    )
    assert str(table.loc["falls", "own split"]).startswith("−30.1 points\n[−30.4, −29.8]\nrelu on random-60-20-20")
    assert (table.loc["falls", "verdict"], table.loc["one", "verdict"]) == ("reproduced", "cannot be tested here")
    assert (table.loc["count", "own split"], table.loc["count", "published"]) == ("389,240", "389,240")
    assert (table.loc["one", "own split"], table.loc["one", "fair split"]) == ("–", "–")


def test_numbers_are_written_as_published(make_claim: Make, plan: Plan) -> None:
    claims = [
        make_claim("level", arm={"published": 94.18, "spread": 0.33}),
        make_claim("difference", arm={"published": 81.60}, baseline={"published": 81.59, "runs": {"layers": 4}}),
        make_claim("trend", arm={"published": 4.7e5, "runs": {"layers": 8}}, baseline={"published": 6.6e2}),
    ]
    said = [str(text) for text in ledger(judge_all(claims, plan, Evidence()))["published"]]
    assert said == ["94.18 ± 0.33 %", "+0.01 points (81.6 vs. 81.59)", "712 times (470,000 vs. 660)"]


def test_the_page_has_every_kind_under_its_heading_and_lets_no_markup_in(make_claim: Make, plan: Plan) -> None:
    assert set(TOPICS) == set(KINDS)
    kinds = ["none", "level", "none", "trend"]
    claims = [make_claim(kind, id=str(number), text=f"<b>{kind}</b>.") for number, kind in enumerate(kinds)]
    html = clean_table(as_html(judge_all(claims, plan, Evidence())))
    headings = [TOPICS[kind] for kind in ("level", "trend", "none")]
    assert re.findall(r'<th colspan="4">(.*?)</th>', html) == headings
    assert html.count("&lt;b&gt;none&lt;/b&gt;") == 2
    assert "<b>" not in html
    assert html.count("Made under:") == 4
    assert "Here:" not in html


def test_sentences_count_verdicts(make_claim: Make, plan: Plan, recorded: Make) -> None:
    level = make_claim("level")
    evidence = recorded(level, plan, fair={"arm": [90.0, 91.0, 92.0, 90.5, 91.5]})
    judged = judge_all([level, make_claim("none", id="two")], plan, evidence)
    assert counts_sentence(judged) == "Of 2 claims: **1** reproduced, **1** cannot be tested here."
    assert counts_sentence(judged[1:]) == "Of 1 claim: **1** cannot be tested here."
    assert "5 seeds per arm, the epochs of each claim," in plan_sentence(judged, plan)
    assert "5 seeds per arm, at most 9 epochs," in plan_sentence(judged, Plan(epochs=9))
    assert "They give a number to 1 of the 1 claim " in plan_sentence(judged, plan)
    assert plan_sentence([], plan).startswith("None of these claims is about training")
    with pytest.raises(UsageError, match="no claims to count"):
        counts_sentence([])


def test_programs_get_plain_data(make_claim: Make, plan: Plan, recorded: Make) -> None:
    level, weights = make_claim("level"), make_claim("parameters", id="weights")
    counts = {"convolutions": 388440, "slots": 100, "total": 388540}
    records = recorded(level, plan, fair={"arm": [90.0, 91.0, 92.0, 90.5, 91.5]}).records
    data = as_data(
        judge_all([level, weights, make_claim("none", id="two")], plan, Evidence(records, counts={"weights": counts}))
    )
    assert json.loads(json.dumps(data)) == data
    assert data["one"]["verdict"] == "reproduced"
    assert data["one"]["published"] == 90
    fair = data["one"]["fair"]
    assert isinstance(fair, dict)
    assert (fair["mean"], fair["count"], fair["made"]) == (pytest.approx(91), 5, "relu on random-80-10-10")
    assert "own" not in data["one"]
    assert (data["weights"]["published"], data["weights"]["counted"]) == (389240, counts)
    assert data["two"] == {"kind": "none", "verdict": "cannot be tested here", "why": "nobody knows"}


def test_verdicts_are_the_five_that_are_promised() -> None:
    wanted = {"reproduced", "not reproduced", "only under its own split", "undecided", "cannot be tested here"}
    assert set(VERDICTS) == wanted
