"""Inputs of a network: all nodes at once, sampled neighbourhoods of some, or a batch of graphs."""

from collections.abc import Iterator
from typing import Any

import torch

from cna_viz.config import RunConfig
from cna_viz.data.graph import Graph, Split
from cna_viz.models.backbones import get_backbone, prepare_features, prepare_graph
from cna_viz.models.inputs import Membership
from cna_viz.training.batches import GraphBatch, GraphBatches, NeighborBatches
from cna_viz.training.loop import Batches
from cna_viz.training.step import TrainingBatch


def inputs_of(config: RunConfig, graph: Graph) -> tuple[Any, ...]:
    """Return the inputs of a network for all nodes."""
    member = graph.graph_of_node
    membership = None if member is None else Membership(member, len(graph.target))
    edges = prepare_graph(config.model.backbone, graph.edge_index, graph.num_nodes, membership=membership)
    return prepare_features(config.model.backbone, graph.x), edges


def batches_of(config: RunConfig, graph: Graph, split: Split) -> Batches | None:
    """Return the function that makes the batches of an epoch; None where an epoch is one step on the whole graph."""
    if graph.graph_of_node is not None:
        return _batches_of_graphs(config, graph, split)
    if config.training.batch_size is None:
        return None
    sampler = NeighborBatches(
        graph.edge_index,
        graph.num_nodes,
        split.train,
        batch_size=config.training.batch_size,
        neighbors=config.training.neighbors,
        hops=get_backbone(config.model.backbone).hops * config.model.layers,
        seed=config.seed,
    )
    device = graph.x.device

    def epoch(number: int) -> Iterator[TrainingBatch]:
        for part in sampler.epoch(number):
            nodes = part.nodes.to(device)
            edges = prepare_graph(config.model.backbone, part.edge_index.to(device), len(nodes), nodes)
            yield TrainingBatch((graph.x.index_select(0, nodes), edges), graph.y[nodes], part.seeds.to(device))

    return epoch


def _batches_of_graphs(config: RunConfig, graph: Graph, split: Split) -> Batches:
    device, size = graph.x.device, config.training.batch_size
    edge_index, first, target = graph.edge_index.cpu(), graph.first_nodes().cpu(), graph.target
    dealt = GraphBatches(edge_index, first, split.train, batch_size=size, seed=config.seed)

    def prepared(part: GraphBatch) -> TrainingBatch:
        nodes, graphs = part.nodes.to(device), part.graphs.to(device)
        membership = Membership(part.graph_of_node.to(device), len(graphs))
        edges = prepare_graph(config.model.backbone, part.edge_index.to(device), len(nodes), nodes, membership)
        rows = torch.arange(len(graphs), device=device)
        return TrainingBatch((graph.x.index_select(0, nodes), edges), target[graphs], rows)

    if size is None:
        whole = [prepared(part) for part in dealt.epoch(1)]
        return lambda number: whole
    return lambda number: map(prepared, dealt.epoch(number))
