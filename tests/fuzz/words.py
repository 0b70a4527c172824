"""Words that somebody may type after ``cna-viz``."""

from typing import Any, Final

from hypothesis import strategies as st

from cna_viz.cli.main import COMMANDS
from cna_viz.config.fields import Setting, settings
from cna_viz.experiments.grid_files import presets
from cna_viz.reports.notebooks.notebooks import list_reports
from tests.fuzz.strategies import near, texts

GIVEN: Final = "given.yaml"
"""A file on the desk, of any content."""
_AWAY: Final = ("/", "..", "\0", "~")
"""What could lead away from the desk, or can't be typed."""
typed = texts.filter(lambda text: not any(part in text for part in _AWAY))
numbers = st.one_of(
    st.integers(-3, 70).map(str),
    st.sampled_from(["1e3", "nan", "inf", "1e999", "0x1", "1_0", "٣", "²", "9" * 5000, str(2**63), "1.5", "-0.0", ""]),
)
places = st.one_of(st.sampled_from(["runs", "nowhere", GIVEN, "", ".", "~nobody", "runs/x", "x" * 300]), typed)
ids = st.one_of(st.sampled_from(["", "0", "a", "cna", ".locks"]), typed)
shards = st.one_of(st.tuples(numbers, numbers).map("/".join), typed)
flags = st.just(None)


def _written(setting: Setting) -> st.SearchStrategy[str]:
    return st.one_of(near(setting).map(_word), numbers, typed)


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(value) if isinstance(value, tuple | list) else str(value)


_changes = st.one_of(
    st.sampled_from(sorted(settings())).flatmap(
        lambda name: st.lists(_written(settings()[name]), min_size=1, max_size=3).map(
            lambda values: f"{name}={','.join(values)}"
        )
    ),
    typed,
)
_parameters = st.sampled_from(
    ["dataset", "split", "depths", "depth", "seeds", "slots", "epochs", "only", "runs", "data", "lr"]
)
_given_twice = st.tuples(st.one_of(_parameters, typed), st.one_of(numbers, typed, st.just("[" * 5000))).map(list)

OPTIONS: Final[dict[str, dict[str, st.SearchStrategy[Any]]]] = {
    "claims": {"--json": flags},
    "run": {
        "--runs": places,
        "--data": places,
        "--json": flags,
        "--dry-run": flags,
        **{setting.option: _written(setting) for setting in settings().values()},
    },
    "sweep": {
        "--set": _changes,
        "--preview": flags,
        "--workers": numbers,
        "--threads": numbers,
        "--scheduler": typed,
        "--shard": shards,
        "--runs": places,
        "--json": flags,
        "--data": places,
    },
    "tune": {
        "--set": _changes,
        "--trials": numbers,
        "--seeds": st.lists(numbers, max_size=3).map(",".join),
        "--out": places,
        "--workers": numbers,
        "--threads": numbers,
        "--data": places,
    },
    "compare": {
        "--set": _changes,
        "--runs": places,
        "--baseline": typed,
        "--within": typed,
        "--margin": numbers,
        "--markdown": flags,
        "--json": flags,
    },
    "report": {
        "-p": _given_twice,
        "--parameters": flags,
        "--all": flags,
        "--only": typed,
        "-b": places,
        "--jobs": numbers,
        "--pdf": flags,
        "--data": places,
        "--runs": places,
        "--out": places,
        "--json": flags,
    },
    "demo": {"--port": numbers, "--no-browser": flags, "--runs": places, "--idle": numbers, "--ready": numbers},
    "runs": {
        "--runs": places,
        "--json": flags,
        "--to": st.one_of(st.sampled_from(["csv", "netcdf", "parquet"]), typed),
        "--out": places,
        "--snapshots": flags,
        "--force": flags,
    },
    "datasets": {"--data": places, "--json": flags},
    "graphs": {
        "--name": typed,
        "--nodes": places,
        "--edges": places,
        "--label": typed,
        "--features": st.one_of(st.sampled_from(["degree", "random:4", "laplacian:-1"]), typed),
        "--drop": typed,
        "--fill": numbers,
        "--task": typed,
        "--replace": flags,
        "--json": flags,
    },
}
FIRST: Final[dict[str, st.SearchStrategy[str]]] = {
    **dict.fromkeys(
        ("sweep", "tune", "compare"), st.one_of(st.sampled_from([*presets(), GIVEN, GIVEN, "runs", ""]), typed)
    ),
    "report": st.one_of(st.sampled_from([*list_reports(), ""]), typed),
    "runs": st.one_of(st.sampled_from(["list", "show", "verify", "export"]), typed),
    "graphs": st.one_of(st.sampled_from(["add", "list", "show"]), typed),
    "claims": st.one_of(st.just("settings"), typed),
}


@st.composite
def commands(draw: st.DrawFn) -> list[str]:
    """Return a command with options of its own, most with values that they nearly take, and some slips."""
    name = draw(st.sampled_from(sorted(COMMANDS)))
    words = [name]
    if name in FIRST and draw(st.integers(0, 9)):
        words.append(draw(FIRST[name]))
        if name in {"runs", "graphs"}:
            words += draw(st.lists(ids, max_size=2))
    for option in draw(st.lists(st.sampled_from(sorted(OPTIONS[name])), max_size=4)):
        value = draw(OPTIONS[name][option])
        words += [option] if value is None else [option, *(value if isinstance(value, list) else [value])]
    slips = st.sampled_from([None] * 8 + ["drop", "double", "insert"])
    slip, place = draw(slips), draw(st.integers(0, len(words) - 1))
    if slip == "drop":
        del words[place]
    elif slip == "double":
        words.insert(place, words[place])
    elif slip == "insert":
        words.insert(
            place, draw(st.one_of(typed, st.sampled_from(["--", "-", "--x", "-p", "--help", "-h", "--=", "@x"])))
        )
    return words
