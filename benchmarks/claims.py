"""How often the rule of the ledger errs: ``python -m benchmarks.claims``.

Simulated ledgers of one claim, "at least 90 %" with tolerance 0, whose accuracies are normal over seeds. A claim that
is false (a true value below the bound) should seldom hold, a true one seldom fail.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd

from cna_viz.analysis.claims.kinds import Level
from cna_viz.analysis.claims.rules import interval_of, outcome

BOUND = 90.0


def table(
    true_values: Sequence[float] = (-2, -1, 0, 1, 2),
    spreads: Sequence[float] = (0.5, 1, 2),
    seeds: Sequence[int] = (5, 10),
    samples: int = 2000,
) -> pd.DataFrame:
    """Return how often the claim holds, fails and is undecided, a row per number of seeds, spread and true value.

    Args:
        true_values: True mean accuracies, in points above the bound.
        spreads: Standard deviations over seeds, in points.
        seeds: Numbers of seeds.
        samples: Ledgers per row, from seed 0.
    """
    rng = np.random.default_rng(0)
    rows = []
    for count in seeds:
        for spread in spreads:
            for true in true_values:
                drawn = rng.normal(BOUND + true, spread, (samples, count))
                found = Counter(outcome(CLAIM, interval_of(CLAIM, [one]))[0] for one in drawn)
                rates = {name: found[name] / samples for name in ("holds", "fails", "undecided")}
                rows.append({"seeds": count, "spread": spread, "true value": true, **rates})
    return pd.DataFrame(rows)


CLAIM = Level.model_validate(
    {
        "id": "simulated",
        "kind": "level",
        "text": "It reaches this accuracy.",
        "source": "a simulation",
        "standing": "first hand",
        "protocol": "normal over seeds",
        "runs": {"dataset": "karate"},
        "arm": {"published": BOUND},
        "fair": {"split": "random-80-10-10"},
        "tolerance": 0.0,
    }
)


if __name__ == "__main__":
    print(table().to_string(index=False, float_format=lambda rate: f"{rate:.3f}"))
