"""``cna-viz graphs``: add, list, show or remove graphs of your own."""

import json
from argparse import Namespace
from collections.abc import Iterator, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from cna_viz.cli.parser import Parser
from cna_viz.cli.printing import complain, number, printable, table
from cna_viz.config.own import PREFIX, graphs_root, own_names
from cna_viz.data.own.options import ImportOptions
from cna_viz.errors import DataError, unknown_name
from cna_viz.files import finite
from cna_viz.graphs import OwnEntry, add, remove, show

ACTIONS = ("add", "list", "show", "remove")
EXAMPLES = (
    "cna-viz graphs add graph.npz --name mine",
    "cna-viz graphs add --nodes nodes.csv --edges edges.csv --name mine --label kind",
    "cna-viz graphs add graph.graphml --name mine --features degree",
    "cna-viz graphs show mine            # what importing changed",
    "cna-viz run --dataset own:mine",
)
HEADER = ("name", "task", "metric", "nodes", "edges", "features", "classes", "homophily", "digest")


def main(words: Sequence[str]) -> int:
    """Run the command; returns the exit code."""
    parser = _parser()
    namespace = parser.parse(words)
    if namespace.action not in ACTIONS:
        raise unknown_name("action", namespace.action, ACTIONS)
    _check(namespace, parser)
    if namespace.action == "list":
        _list(namespace)
    else:
        actions = {"show": show, "remove": remove}
        _print(_add(namespace) if namespace.action == "add" else actions[namespace.action](namespace.what), namespace)
    return 0


def _parser() -> Parser:
    description = "Import graphs of your own, which are then datasets named own:NAME; list, show or remove them."
    parser = Parser("graphs", description, EXAMPLES)
    parser.add_argument("action", metavar=f"{{{','.join(ACTIONS)}}}", help="what to do")
    text = "file or folder to add (.pt, .npz, .graphml, .gexf, .mtx), or name to show or remove"
    parser.add_argument("what", nargs="?", metavar="PATH|NAME", help=text)
    parser.add_graphs()
    parser.add_json()
    group = parser.add_argument_group("add")
    group.add_argument("--name", help="name of the graph, which is then the dataset own:NAME")
    group.add_argument("--nodes", type=Path, help="table of the nodes, .csv, .csv.gz, .tsv or .parquet")
    group.add_argument("--edges", type=Path, help="table of the edges")
    group.add_argument("--replace", action="store_true", help="replace the graph of this name by other content")
    for option in fields(ImportOptions):
        more: dict[str, Any] = {"action": "store_true"} if option.type is bool else {}
        group.add_argument(f"--{option.name}", default=None, help=option.metadata["help"], **more)
    return parser


def _options(namespace: Namespace) -> dict[str, Any]:
    return {option.name: getattr(namespace, option.name) for option in fields(ImportOptions)}


def _check(namespace: Namespace, parser: Parser) -> None:
    """Refuse what doesn't go with the action."""
    action, what = namespace.action, namespace.what
    if action in {"show", "remove"} and what is None:
        parser.error(f"{action} needs the NAME of a graph")
    if action == "list" and what is not None:
        parser.error(f"list takes no name, got {what!r}")
    if action == "add" and namespace.name is None:
        parser.error("add needs --name NAME")
    only = {name: getattr(namespace, name) for name in ("name", "nodes", "edges", "replace")} | _options(namespace)
    given = [name for name, value in only.items() if value]
    if action != "add" and given:
        parser.error(f"--{given[0]} goes with add only")


def _add(namespace: Namespace) -> OwnEntry:
    places = {"nodes": namespace.nodes, "edges": namespace.edges}
    return add(namespace.what, name=namespace.name, replace=namespace.replace, **places, **_options(namespace))


def _list(namespace: Namespace) -> None:
    found = list(_readable())
    if namespace.json:
        print(json.dumps({"folder": str(graphs_root()), "graphs": [finite(asdict(one)) for one in found]}))
        return
    print(table(HEADER, [_row(one) for one in found], right=HEADER[3:8]))


def _readable() -> Iterator[OwnEntry]:
    """Yield the graphs whose entries can be read, and name the others on stderr."""
    for name in own_names():
        try:
            yield show(name)
        except DataError as error:
            complain(str(error))


def _row(one: OwnEntry) -> tuple[str, ...]:
    counts = map(number, (one.nodes, one.edges, one.features, one.classes))
    return (PREFIX + one.name, one.task, one.metric, *counts, _homophily(one), one.digest[:8])


def _homophily(one: OwnEntry) -> str:
    return number(None if one.homophily != one.homophily else one.homophily, 2)


def _print(one: OwnEntry, namespace: Namespace) -> None:
    if namespace.json:
        print(json.dumps(finite(asdict(one))))
        return
    kinds = [word for word, holds in (("directed", one.directed), ("weighted", one.weighted)) if holds]
    rows = [
        ("graph", f"{PREFIX}{one.name} ({', '.join([one.task, one.metric, *kinds])})"),
        ("size", f"nodes {one.nodes:,}, edges {one.edges:,}, features {one.features:,}, classes {one.classes}"),
        ("labels", f"missing {one.unlabelled:,}, edge homophily {_homophily(one)}"),
        ("split own", f"repetitions {one.repetitions}" if one.masks else "none"),
        ("digest", one.digest),
        ("from", f"{one.source}, {one.added}"),
        *(("changed" if number == 0 else "", change) for number, change in enumerate(one.changes)),
    ]
    for name, text in rows:
        print(printable(f"{'removed: ' if namespace.action == 'remove' and name == 'graph' else ''}{name:<10} {text}"))
