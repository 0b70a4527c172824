"""Inputs of a network: all nodes at once, sampled neighbourhoods of some, or a batch of graphs."""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from cna_viz.config import RunConfig
from cna_viz.data.graph import Graph, Split
from cna_viz.models.backbones import get_backbone, prepare_features, prepare_graph
from cna_viz.models.inputs import GraphInput, Membership
from cna_viz.training.batches import GraphBatch, GraphBatches, NeighborBatches, Subgraph
from cna_viz.training.lookup import EdgeLookup
from cna_viz.training.loop import Batches
from cna_viz.training.step import TrainingBatch


def inputs_of(config: RunConfig, graph: Graph) -> tuple[Any, ...]:
    """Return the inputs of a network for all nodes."""
    member = graph.graph_of_node
    membership = None if member is None else Membership(member, len(graph.target))
    edges = prepare_graph(
        config.model.backbone,
        graph.edge_index,
        graph.num_nodes,
        membership=membership,
        edge_weight=graph.edge_weight,
        arcs=graph.arcs,
    )
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
    device, inputs = graph.x.device, _inputs_of_samples(config, graph)

    def epoch(number: int) -> Iterator[TrainingBatch]:
        for part in sampler.epoch(number):
            nodes = part.nodes.to(device)
            yield TrainingBatch(inputs(nodes, part), graph.y[nodes], part.seeds.to(device))

    return epoch


def _batches_of_graphs(config: RunConfig, graph: Graph, split: Split) -> Batches:
    device, size = graph.x.device, config.training.batch_size
    edge_index, first, target = graph.edge_index.cpu(), graph.first_nodes().cpu(), graph.target
    dealt = GraphBatches(edge_index, first, split.train, batch_size=size, seed=config.seed)
    inputs = _inputs_of_samples(config, graph)

    def prepared(part: GraphBatch) -> TrainingBatch:
        nodes, graphs = part.nodes.to(device), part.graphs.to(device)
        membership = Membership(part.graph_of_node.to(device), len(graphs))
        rows = torch.arange(len(graphs), device=device)
        return TrainingBatch(inputs(nodes, part, membership), target[graphs], rows)

    if size is None:
        whole = [prepared(part) for part in dealt.epoch(1)]
        return lambda number: whole
    return lambda number: map(prepared, dealt.epoch(number))


def _inputs_of_samples(config: RunConfig, graph: Graph) -> Callable[..., tuple[Tensor, GraphInput]]:
    """Return the function that makes the inputs of a network for a sample and its nodes, which are on the device."""
    lookup = EdgeLookup(graph.edge_index, graph.num_nodes, graph.edge_weight, graph.arcs)

    def inputs(
        nodes: Tensor, part: Subgraph | GraphBatch, membership: Membership | None = None
    ) -> tuple[Tensor, GraphInput]:
        found = {name: tensor.to(nodes.device) for name, tensor in lookup(part.nodes, part.edge_index).items()}
        edges = part.edge_index.to(nodes.device)
        prepared = prepare_graph(config.model.backbone, edges, len(nodes), nodes, membership, **found)
        return graph.x.index_select(0, nodes), prepared

    return inputs
