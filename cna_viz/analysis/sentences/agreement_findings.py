"""Sentences about two runs on the same nodes: what they are called apart, where their clusters and answers agree."""

from cna_viz.analysis.tables.agreement import answer_agreement, cluster_agreement
from cna_viz.analysis.tables.comparison import arm_names
from cna_viz.analysis.words import counted, listed
from cna_viz.errors import UsageError
from cna_viz.records.record import Record


def pair_names(first: Record, second: Record) -> tuple[str, str]:
    """Return what two runs are called beside each other: the slot, and what else tells them apart."""
    configs = (first.config, second.config)
    names = arm_names(configs)
    arms = [names[config.run_id] for config in configs]
    if first.config.slot == second.config.slot and arms[0] != arms[1]:
        arms = [f"{first.config.slot}, {arm}" for arm in arms]
    further: dict[str, list[object]] = {
        "seed": [config.seed for config in configs],
        "split seed": [config.split_seed for config in configs],
        "run": [first.id[:8], second.id[:8]],
    }
    for name, (one, other) in further.items():
        if arms[0] == arms[1] and one != other:
            arms = [f"{arms[0]}, {name} {one}", f"{arms[1]}, {name} {other}"]
    return (arms[0], arms[1]) if arms[0] != arms[1] else (f"{arms[0]}, left", f"{arms[1]}, right")


def agreement_findings(first: Record, second: Record, layer: int, epoch: int | None = None) -> list[str]:
    """Say how far the clusters of two runs agree after a layer, and which of them answers right.

    Args:
        first: A run.
        second: Another on the same nodes.
        layer: The layer after which slots are looked at.
        epoch: A snapshot's epoch of both; the selected models' when left out.

    Raises:
        UsageError: When the nodes are not the same, or a run has no snapshot of this epoch.
    """
    names = pair_names(first, second)
    return [_clusters(first, second, names, layer, epoch), _answers(first, second, names, epoch)]


def _clusters(first: Record, second: Record, names: tuple[str, str], layer: int, epoch: int | None) -> str:
    found = cluster_agreement(first, second, layer, epoch)
    where = f"clusters after layer {layer}"
    if found is not None:
        ari = f"{found.ari:.2f}".replace("-", "−")
        return (
            f"{where}: adjusted Rand index {ari} (0: chance, 1: the same), normalized mutual information "
            f"{found.nmi:.2f} (0: nothing in common, 1: the same)"
        )
    runs = dict(zip(names, (first, second), strict=True))
    without = [name for name, run in runs.items() if run.layer_variable("cluster_label", layer, epoch) is None]
    return f"{where}: none in {listed(f'**{name}**' for name in without)}"


def _answers(first: Record, second: Record, names: tuple[str, str], epoch: int | None) -> str:
    if first.graph["target"].dtype.kind == "f":
        return "answers are numbers, which are not right or wrong: compare the errors of the runs"
    try:
        found = answer_agreement(first, second, epoch)
    except UsageError as error:
        return f"answers: {error}"
    if not found.count:
        return "answers: no node is in the test part of both splits"
    graphs = "graph_of_node" in first.graph
    shares = {
        "both right": found.both,
        f"only **{names[0]}**": found.first,
        f"only **{names[1]}**": found.second,
        "neither": found.neither,
    }
    said = ", ".join(f"{words} {100 * share:.1f} %" for words, share in shares.items())
    return f"answers on the {counted(found.count, 'graph' if graphs else 'node')} that both test on: {said}"
