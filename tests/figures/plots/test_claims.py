"""The figure of claims: published numbers, ours with intervals, and what meets a claim."""

from pathlib import Path
from typing import Any

import pytest

from cna_viz.analysis.claims import Evidence, JudgedClaim, Plan, judge_all
from cna_viz.analysis.claims.kinds import KINDS
from cna_viz.analysis.claims.model import Trained
from cna_viz.errors import UsageError
from cna_viz.figures import plot_claims
from cna_viz.records.synthetic import synthetic_record

FACTS = {"source": "Figure 1", "standing": "first hand", "protocol": "unknown", "runs": {"dataset": "karate"}}
FAIR, OWN = {"split": "random-80-10-10"}, {"split": "random-60-20-20"}


def claim_of(kind: str, **changes: Any) -> Any:
    arms = {"arm": {"published": 60.0, "runs": {"layers": 4}}, "baseline": {"published": 80.0, "runs": {"layers": 2}}}
    fields = {"id": kind, "kind": kind, "text": f"A claim about a {kind}.", "fair": FAIR, **FACTS}
    return KINDS[kind].model_validate({**fields, **(arms if kind != "level" else {"arm": arms["arm"]}), **changes})


@pytest.fixture
def judged(tmp_path: Path) -> list[JudgedClaim]:
    plan = Plan()
    claims = [claim_of("trend"), claim_of("level", own=OWN), claim_of("slope", bound="at most"), claim_of("difference")]
    records = {}
    for config in plan.all_configs(claims[:2]):
        percent = 50 + 5 * config.layers + config.seed
        accuracy = dict.fromkeys(("train", "val", "test"), percent / 100)
        records[config.run_id] = synthetic_record(tmp_path, config, accuracy=accuracy)
    return judge_all(claims, plan, Evidence(records))


def by_name(figure: Any, name: str) -> list[Any]:
    return [trace for trace in figure.data if trace.name == name]


def test_a_panel_per_unit_with_published_numbers(judged: list[JudgedClaim]) -> None:
    figure = plot_claims(judged)
    assert [axis.title.text for axis in figure.select_xaxes()] == [
        "test accuracy (%)",
        "difference of two test accuracies (points)",
        "ratio of two measured values (times)",
    ]
    assert [list(trace.x) for trace in by_name(figure, "published")] == [[60], [-20, -20], [0.75]]
    assert [axis.type for axis in figure.select_xaxes()] == [None, None, "log"]


def test_ours_come_with_the_ends_of_their_intervals(judged: list[JudgedClaim]) -> None:
    figure = plot_claims(judged)
    for name, protocol in (("ours, its own split", "own"), ("ours, fair split", "fair")):
        trace = by_name(figure, name)[0]
        (found,) = [found for found in judged[1].measured if found.protocol == protocol]
        assert found.interval is not None
        assert list(trace.x) == [pytest.approx(found.interval.mean)]
        assert trace.x[0] + trace.error_x.array[0] == pytest.approx(found.interval.high)
        assert trace.x[0] - trace.error_x.arrayminus[0] == pytest.approx(found.interval.low)


def test_claims_stand_beside_their_rows(judged: list[JudgedClaim]) -> None:
    axes = list(plot_claims(judged).select_yaxes())
    assert list(axes[1].ticktext) == ["A claim about a slope.", "A claim about a difference."]
    assert axes[1].range[0] > axes[1].range[1], "the first claim stands on top"


def test_grey_is_what_meets_the_claim(judged: list[JudgedClaim]) -> None:
    figure = plot_claims(judged)
    level, slope, gain, trend = figure.layout.shapes
    ends = [axis.range for axis in figure.select_xaxes()]
    assert (level.x0, level.x1) == (59, pytest.approx(ends[0][1]))
    assert (slope.x0, slope.x1) == (pytest.approx(ends[1][0]), -19)
    assert (gain.x0, gain.x1) == (-21, pytest.approx(ends[1][1]))
    assert (trend.x0, trend.x1) == (pytest.approx(10 ** ends[2][0]), pytest.approx(10 ** ends[2][1]))


def test_the_title_is_a_question_and_the_footnote_says_where_it_comes_from(judged: list[JudgedClaim]) -> None:
    figure = plot_claims(judged)
    assert figure.layout.title.text.endswith("?")
    footnote = figure.layout.annotations[-1].text
    assert footnote.startswith("dataset karate · split random-80-10-10, random-60-20-20 · seeds 0, 1, 2, 3, 4 · runs ")
    assert "95 %" in footnote


def test_claims_without_a_number_of_ours_show_the_published_one(judged: list[JudgedClaim]) -> None:
    claims = [one.claim for one in judged]
    figure = plot_claims(judge_all(claims, Plan(), Evidence()))
    assert [list(trace.x) for trace in by_name(figure, "published")] == [[60], [-20, -20], [0.75]]
    assert not any(len(trace.x) for trace in figure.data if trace.name != "published")


def test_markup_in_a_claim_is_shown_and_not_followed() -> None:
    claim = claim_of("level").replace(text="<b>bold</b>.")
    assert isinstance(claim, Trained)
    figure = plot_claims(judge_all([claim], Plan(), Evidence()))
    assert list(figure.layout.yaxis.ticktext) == ["&lt;b&gt;bold&lt;/b&gt;."]


def test_nothing_to_draw_is_refused() -> None:
    none = KINDS["none"].model_validate(
        {
            **{k: v for k, v in FACTS.items() if k != "runs"},
            "id": "x",
            "kind": "none",
            "text": "x",
            "published": "x",
            "why": "x",
        }
    )
    for claims in ([], [none]):
        with pytest.raises(UsageError, match="no claims to draw"):
            plot_claims(judge_all(claims, Plan(), Evidence()))
