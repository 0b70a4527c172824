"""A recorder from a model and its graph, whoever trains it."""

from collections.abc import Mapping

from torch import Tensor, nn

from cna_viz.config import RecordingConfig, vocabulary
from cna_viz.measures import EdgeList, FeatureMeasurer
from cna_viz.nn.communities import louvain
from cna_viz.recording.cluster_measures import ClusterMeasurer
from cna_viz.recording.gradient_norms import GradientNorms
from cna_viz.recording.probe import Forward, Loss, Predict, Probe, most_likely
from cna_viz.recording.recorder import Recorder
from cna_viz.recording.taps import Taps
from cna_viz.records.writing.writer import RecordWriter


def make_recorder(
    model: nn.Module,
    forward: Forward,
    taps: Taps,
    *,
    slots: Mapping[int, nn.Module],
    convs: Mapping[int, nn.Module],
    loss: Loss | None,
    gradients: GradientNorms | None,
    x: Tensor,
    edge_index: Tensor,
    y: Tensor | None,
    config: RecordingConfig,
    seed: int,
    writer: RecordWriter,
    predict: Predict = most_likely,
) -> Recorder:
    """Return what records the training of a model.

    Args:
        model: The model.
        forward: Runs it on the whole graph.
        taps: Its stages.
        slots: Its slots by layer, where they are known.
        convs: Its convolutions by layer.
        loss: Loss of the training, from the output, where it is known and its gradients are to be measured.
        gradients: Gives the norms of gradients where the loss is not known.
        x: Input features, ``[nodes, features]``.
        edge_index: Edges, both directions, ``[2, edges]``.
        y: Classes, ``[nodes]``; None where there are none.
        config: What is kept.
        seed: Of samples that measures draw, and of the communities.
        writer: Takes what is kept.
        predict: Turns the output into what is answered for every node.
    """
    nodes = x.shape[0]
    names = [name for name in config.measures if name in vocabulary.FEATURE_MEASURES]
    measurer = FeatureMeasurer(names, EdgeList.from_edge_index(edge_index, nodes), y, x, seed=seed)
    partitions = {} if y is None else {"classes": y}
    if any(name.endswith("_communities") for name in config.measures):
        partitions["communities"] = louvain(edge_index, nodes, nodes, seed=seed)
    probe = Probe(model, forward, taps, slots, measurer, nodes, config, loss, predict)
    return Recorder(probe, ClusterMeasurer(config.measures, partitions), convs, gradients, writer, config)
