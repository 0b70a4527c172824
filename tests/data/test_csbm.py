"""The stochastic block model: as many edges and as much homophily as asked, sparse, seeded."""

import pytest
import torch

from cna_viz.config import CSBMConfig
from cna_viz.data.csbm import csbm
from cna_viz.data.graph import edge_homophily
from cna_viz.data.splits import make_split
from cna_viz.errors import UsageError


@pytest.mark.parametrize(("homophily", "degree", "classes"), [(0.0, 6, 2), (0.25, 10, 5), (0.8, 3, 3), (1.0, 8, 4)])
def test_large_sample_is_as_asked(homophily: float, degree: float, classes: int) -> None:
    graph = csbm(CSBMConfig(nodes=20_000, classes=classes, features=2, degree=degree, homophily=homophily))
    degrees = graph.degree().double()
    assert float(degrees.mean()) == pytest.approx(degree, abs=0.12)
    assert float(degrees.var()) == pytest.approx(degree, rel=0.1)  # nearly Poisson: every pair is as likely
    assert edge_homophily(graph) == pytest.approx(homophily, abs=0.01)
    if homophily in {0.0, 1.0}:
        assert edge_homophily(graph) == homophily


def test_ten_million_pairs_of_classes_need_no_matrix() -> None:
    graph = csbm(CSBMConfig(nodes=200_000, classes=1000, features=1, degree=2))  # 160 GB as a matrix
    assert float(graph.degree().double().mean()) == pytest.approx(2, abs=0.05)


def test_classes_are_equally_large_and_in_random_order() -> None:
    graph = csbm(CSBMConfig(nodes=1003, classes=4))
    assert sorted(graph.y.bincount().tolist()) == [250, 251, 251, 251]
    assert not torch.equal(graph.y, graph.y.sort().values)
    assert float((graph.y[:500] == 0).double().mean()) == pytest.approx(0.25, abs=0.06)


@pytest.mark.parametrize("seed", range(5))
def test_a_random_split_of_the_same_seed_has_all_classes_in_every_part(seed: int) -> None:
    graph = csbm(CSBMConfig(nodes=900, classes=3, seed=seed))
    split = make_split(graph, "random-48-32-20", seed)
    for part in (split.train, split.val, split.test):
        shares = graph.y[part].bincount(minlength=3) / len(part)
        assert float((shares - 1 / 3).abs().max()) < 0.12


def test_all_pairs_asked_gives_the_complete_graph() -> None:
    # Two classes of three: 6 pairs within and 9 between, so 15 edges at degree 5 with 6 / 15 of them within.
    graph = csbm(CSBMConfig(nodes=6, classes=2, degree=5, homophily=0.4))
    assert graph.edge_index.shape[1] == 30
    assert graph.degree().tolist() == [5] * 6


@pytest.mark.parametrize(
    ("config", "kind"),
    [
        (CSBMConfig(nodes=6, classes=2, degree=5.1, homophily=0.4), "within"),
        (CSBMConfig(nodes=6, classes=2, degree=5, homophily=0), "between"),
        (CSBMConfig(nodes=5, classes=5, degree=1, homophily=0.5), "within"),
        (CSBMConfig(degree=1e300), "within"),
    ],
)
def test_more_edges_than_pairs_are_refused(config: CSBMConfig, kind: str) -> None:
    with pytest.raises(UsageError, match=f"csbm degree = .* is out of range: .* edges {kind} classes"):
        csbm(config)


def test_every_pair_of_a_kind_is_as_likely() -> None:
    counts = torch.zeros(8, 8)
    trials = 600
    for seed in range(trials):
        graph = csbm(CSBMConfig(nodes=8, classes=2, features=1, degree=2, homophily=0.75, seed=seed))
        by_class = torch.argsort(graph.y, stable=True).argsort()  # classes first, then number: a place per node
        source, target = by_class[graph.edge_index]
        counts[source, target] += 1
    place = torch.arange(8)
    own = (place[:, None] // 4 == place // 4) & ~torch.eye(8, dtype=torch.bool)
    other = ~own & ~torch.eye(8, dtype=torch.bool)
    assert (counts[own] / trials - 6 / 12).abs().max() < 0.1  # 6 expected of 12 pairs within
    assert (counts[other] / trials - 2 / 16).abs().max() < 0.07


def test_noise_is_the_deviation_of_each_feature() -> None:
    config = CSBMConfig(nodes=400, features=2000)
    means, noisy = csbm(config.replace(noise=0.0)), csbm(config.replace(noise=2.0))
    assert float((noisy.x - means.x).std()) == pytest.approx(2, rel=0.01)
    assert torch.equal(means.y, noisy.y)
    for number in range(config.classes):
        rows = means.x[means.y == number]
        assert torch.equal(rows, rows[:1].expand_as(rows))
        assert float(rows[0].norm()) == pytest.approx(1, abs=0.1)


def test_seed_decides_everything_and_structure_leaves_features_alone() -> None:
    config = CSBMConfig(nodes=200)
    first, again, other = csbm(config), csbm(config), csbm(config.replace(seed=1))
    assert torch.equal(first.edge_index, again.edge_index)
    assert torch.equal(first.x, again.x)
    assert not torch.equal(first.x, other.x)
    assert first.edge_index.shape != other.edge_index.shape or not torch.equal(first.edge_index, other.edge_index)
    denser = csbm(config.replace(degree=20.0, homophily=0.3))
    assert torch.equal(denser.x, first.x)
    assert torch.equal(denser.y, first.y)


def test_noise_that_overflows_is_refused() -> None:
    with pytest.raises(UsageError, match=r"csbm noise = 1e\+300 is out of range"):
        csbm(CSBMConfig(noise=1e300))
