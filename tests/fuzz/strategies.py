"""What users and damaged disks may hand to the library: values, configs, YAML, words of the command line, bytes."""

import io
import json
from importlib import resources
from typing import Any, Final

import numpy as np
import yaml
from hypothesis import strategies as st

from cna_viz.analysis.claims.reading import KEYS
from cna_viz.config import vocabulary
from cna_viz.config.fields import Setting, nested, settings
from cna_viz.config.measures import MEASURES
from cna_viz.experiments.grid import Grid

LONG: Final = "x" * 20_000
NAMES: Final = sorted(
    {
        *vocabulary.DATASETS,
        *vocabulary.SPLIT_PROTOCOLS,
        *vocabulary.BACKBONES,
        *vocabulary.SLOTS,
        *MEASURES,
        *(name for names in vocabulary.FACTORS.values() for name in names),
        *vocabulary.INITS,
        *vocabulary.READOUTS,
        *vocabulary.JUMPING_KNOWLEDGE,
    }
)

texts = st.one_of(
    st.sampled_from(
        ["", " ", "\0", "a\nb", "a\r\nb", "\x1b[31m", "\x85", "\u2028", "é", "日本", "\ud800", "None", LONG]
    ),
    st.text(max_size=20),
    st.text(st.characters(categories=["Cc", "Cf", "Cs", "Zl"]), max_size=5),
    st.sampled_from(NAMES),
    st.sampled_from(NAMES).map(lambda name: name[1:] + name[:1]),
)
integers = st.one_of(
    st.integers(-3, 70), st.integers(), st.sampled_from([2**63 - 1, 2**63, -(2**63), 2**64, 10**400, 10**4200])
)
floats = st.one_of(
    st.sampled_from([0.0, -0.0, 0.5, 1.0, 1e-320, 1.7e308, -1.0, float("nan"), float("inf"), -float("inf")]),
    st.floats(),
)
leaves = st.one_of(st.none(), st.booleans(), integers, floats, texts)
plain = st.recursive(
    leaves,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=4)),
    max_leaves=8,
)
"""What YAML and JSON can say, and some more."""

anything = st.one_of(
    plain,
    st.binary(max_size=8),
    st.dates(),
    st.complex_numbers(),
    st.tuples(plain, plain),
    st.sets(st.integers(0, 5)),
    st.dictionaries(st.one_of(st.integers(), st.none(), st.tuples(st.integers())), leaves, max_size=2),
    st.sampled_from(["relu", "cna", 2, 0.5]).map(np.array),
    st.just(np.array(["relu", "cna"])),
    st.just(np.arange(4)),
    st.sampled_from([np.int64(3), np.float64(0.5), np.bool_(True), np.str_("cna"), object, len]),
)
"""What Python can hand over."""


def near(setting: Setting) -> st.SearchStrategy[Any]:
    """Return values that a setting has, or nearly has."""
    own: dict[type, st.SearchStrategy[Any]] = {
        int: st.one_of(st.integers(0, 9), st.sampled_from([-1, 64, 4096, 4097, 2**63 - 1, 2**63])),
        float: st.one_of(st.sampled_from([-0.0, 0.0, 0, 1, 0.01, 0.5, 0.999, 5.0]), st.floats(0, 1)),
        str: st.sampled_from(NAMES),
        bool: st.booleans(),
    }
    measures = st.lists(st.sampled_from(["all", *MEASURES]), max_size=4)
    default = st.just(setting.field.get_default())
    return st.one_of(
        default, own.get(setting.type, measures.flatmap(lambda m: st.sampled_from([m, tuple(m), ",".join(m)])))
    )


CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "dataset": vocabulary.DATASETS,
    "split": vocabulary.SPLIT_PROTOCOLS,
    "backbone": vocabulary.BACKBONES,
    "slot": vocabulary.SLOTS,
    "init": vocabulary.INITS,
    "readout": vocabulary.READOUTS,
    "jumping_knowledge": vocabulary.JUMPING_KNOWLEDGE,
    "snapshots": ("log", "ends", "none"),
    "precision": ("float16", "float32"),
    **vocabulary.FACTORS,
}


def valid(setting: Setting) -> st.SearchStrategy[Any]:
    """Return values that a setting accepts, others of the run permitting."""
    if setting.name in CHOICES:
        return st.sampled_from(CHOICES[setting.name])
    if setting.name == "measures":
        return st.lists(st.sampled_from(list(MEASURES)), min_size=1, max_size=4)
    if setting.type is int:
        return st.integers(2, 9)
    return st.booleans() if setting.type is bool else st.floats(0.001, 0.9)


def values(of: Any) -> st.SearchStrategy[dict[str, Any]]:
    """Return values of some settings by flat name."""
    chosen = st.lists(st.sampled_from(sorted(settings())), max_size=6, unique=True)
    return chosen.flatmap(lambda names: st.fixed_dictionaries({name: of(settings()[name]) for name in names}))


def _near_or_not(setting: Setting) -> st.SearchStrategy[Any]:
    return st.one_of(near(setting), near(setting), near(setting), valid(setting), anything)


flat_values = st.one_of(values(valid), values(near), values(_near_or_not))
nested_values = st.one_of(
    flat_values.map(nested),
    st.tuples(flat_values.map(nested), st.sampled_from(["data", "model", "training", "watched", "x"]), anything).map(
        lambda parts: {**parts[0], parts[1]: parts[2]}
    ),
    st.tuples(flat_values.map(nested), texts, anything).map(
        lambda parts: {**parts[0], "model": {**parts[0].get("model", {}), parts[1]: parts[2]}}
    ),
    anything,
)


def _dumped(value: Any) -> str:
    try:
        return json.dumps(value)
    except (TypeError, ValueError):
        return repr(value)


json_texts = st.one_of(nested_values.map(_dumped), st.text(max_size=30), st.just('{"seed":' * 100_000))

NASTY: Final = (
    *("1e4x", "1e-4", "1e999", "-1E5_0", "0x", "0b2", "1_000", "1:99", "12:30:45", "9" * 5000, ".nan", "-.inf", "="),
    *("2024-99-99", "2024-01-01", "2024-01-01 25:61:61", "!!timestamp x", "!!int ''", "!!int x", "!!float abc", "~"),
    *("!!float ''", "!!bool maybe", "!!binary x", "!!binary é", "!!null x", "!!str [1]", "!!map [1]", "!!seq {a: 1}"),
    *("!!set {a}", "!!omap [a]", "!!omap [{a: 1, b: 2}]", "!!pairs [a]", "!!python/object/apply:os.system [exit]"),
    *(
        "!!python/name:os.system",
        "!x y",
        "&a [*a]",
        "&a {a: *a}",
        "*nowhere",
        "<<",
        "{<<: 1}",
        "{<<: [1]}",
        "{<<: {a: 1}}",
    ),
    *(
        "? [a]",
        "{[a]: 1}",
        "{{a: 1}: 1}",
        "{1: 2}",
        "{null: 1}",
        "{a: 1, a: 2}",
        "\t",
        "\0",
        "\x85",
        "\ufeff",
        "%YAML 9",
        "---",
    ),
    *(
        "'a\n\n b'",
        '"\\ud800"',
        '"\\x00"',
        '"a\\nb"',
        "|2\n  x",
        "[[[]]]",
        "{low: 1, high: 2}",
        "{values: [1, [2]]}",
        "no",
    ),
    *(
        "{low: .nan, high: 1}",
        "{low: 1e-3, high: 1e308}",
        "{values: []}",
        "[]",
        "{}",
        "[1, 2]",
        "'yes'",
        "[.nan]",
        "...",
        ">",
    ),
)
PRESETS: Final = tuple(
    file.read_text("utf-8")
    for file in sorted((resources.files("cna_viz.experiments") / "presets").iterdir(), key=lambda file: file.name)
    if file.name.endswith(".yaml")
)
CLAIMS: Final = "\n  - ".join(
    (resources.files("cna_viz.analysis.claims") / "claims.yaml").read_text("utf-8").split("\n  - ")[:8]
)
"""The first few claims."""


@st.composite
def _mutated(draw: st.DrawFn, sources: tuple[str, ...]) -> str:
    text = draw(st.sampled_from(sources))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(text)))
        stop = start + draw(st.sampled_from([0, 0, 1, 2, 10, 100]))
        piece = draw(
            st.one_of(
                st.sampled_from(NASTY),
                st.sampled_from(["", "\n", " ", ":", "- ", "[", "}", "#", "'", '"', "&a ", "*a", "? ", "| "]),
                st.text(max_size=5),
                st.just(text[start : start + 40]),
            )
        )
        text = text[:start] + piece + text[stop:]
    return text


@st.composite
def _with_nasty_values(draw: st.DrawFn) -> str:
    """A grid whose values are whatever YAML can write."""
    nasty = st.one_of(st.sampled_from(NASTY), st.integers(0, 5).map(str), st.sampled_from(NAMES))
    lines = []
    for key in draw(st.lists(st.sampled_from([*Grid.model_fields, "x"]), max_size=3)):
        name = draw(st.sampled_from(sorted(settings())))
        shape = draw(st.sampled_from(["{v}", "{{{n}: {v}}}", "{{{n}: [{v}, {w}]}}", "[{v}]", "[{{{n}: [{v}]}}]"]))
        lines.append(f"{key}: {shape.format(n=name, v=draw(nasty), w=draw(nasty))}")
    return "\n".join(lines)


@st.composite
def _bombs(draw: st.DrawFn) -> str:
    """A short text that stands for a lot: anchors in anchors, merges of merges, long products, deep nesting."""
    key = draw(
        st.sampled_from(["fixed", "axes", "zipped", "arms", "exclude", "space", "tuning", "about", "claims", "x"])
    )
    depth, width = draw(st.integers(2, 40)), draw(st.integers(2, 9))
    kind = draw(st.sampled_from(["lists", "dicts", "merges", "product", "arms", "open", "flow", "block"]))
    if kind == "product":
        return "axes:\n" + "".join(f"  {name}: {list(range(1, 12 if width % 2 else 400))}\n" for name in _counts(depth))
    if kind == "arms":
        return "arms:\n  - {" + ", ".join(f"{name}: [1, 2, 3, 4, 5, 6, 7]" for name in _counts(depth)) + "}\n"
    if kind in {"open", "flow", "block"}:
        size = draw(st.sampled_from([depth, 300, 3000, 100_000]))
        nest = {"open": "[" * size, "flow": "[" * size + "]" * size, "block": "- " * size + "x"}[kind]
        return f"{key}: {nest}" if kind != "block" else f"{key}:\n  {nest}"
    lines = ["a0: &a0 [x, y]" if kind == "lists" else "a0: &a0 {layers: 2, hidden: 3}"]
    for level in range(1, depth):
        before = f"*a{level - 1}"
        inner = {
            "lists": "[" + ", ".join([before] * width) + "]",
            "dicts": "{" + ", ".join(f"k{number}: {before}" for number in range(width)) + "}",
            "merges": "{<<: [" + ", ".join([before] * width) + "]}",
        }[kind]
        lines.append(f"a{level}: &a{level} {inner}")
    lines.append(f"{key}: *a{depth - 1}")
    shape = draw(
        st.sampled_from(["{}", "fixed: {{slot: *a{last}}}", "axes: {{slot: *a{last}}}", "arms: [{{layers: *a{last}}}]"])
    )
    return "\n".join(lines) + "\n" + shape.format("", last=depth - 1)


def _counts(number: int) -> list[str]:
    return ["layers", "hidden", "clusters", "seed", "epochs", "patience", "every"][: 2 if number % 2 else 7]


def _yaml(value: Any) -> str:
    try:
        return yaml.safe_dump(value, allow_unicode=True)
    except (yaml.YAMLError, TypeError, ValueError):
        return repr(value)


grid_dicts = st.fixed_dictionaries(
    {},
    optional={
        "about": st.just("?"),
        "fixed": flat_values,
        "axes": values(lambda setting: st.lists(st.one_of(near(setting), valid(setting)), max_size=3)),
        "zipped": st.lists(values(lambda setting: st.lists(valid(setting), min_size=2, max_size=2)), max_size=2),
        "arms": st.lists(
            values(lambda setting: st.one_of(valid(setting), st.lists(valid(setting), max_size=3))), max_size=3
        ),
        "exclude": st.lists(flat_values, max_size=2),
        "space": st.dictionaries(st.sampled_from(sorted(settings())), plain, max_size=2),
        "tuning": st.fixed_dictionaries(
            {"trials": integers, "seeds": st.lists(integers, max_size=3), "space": st.just({})},
            optional={
                "arms": st.lists(
                    st.fixed_dictionaries(
                        {"arm": flat_values, "chosen": flat_values, "metric": texts, "trial": integers, "tuned": floats}
                    ),
                    max_size=2,
                )
            },
        ),
    },
)
valid_grids = st.fixed_dictionaries(
    {
        "fixed": st.just({"dataset": "karate"}),
        "axes": st.fixed_dictionaries({"seed": st.lists(st.integers(0, 9), min_size=1, max_size=3, unique=True)}),
        "arms": st.lists(st.sampled_from(["none", "relu", "cna"]), min_size=1, unique=True).map(
            lambda names: [{"slot": name} for name in names]
        ),
    }
)
yaml_texts = st.one_of(
    _mutated(PRESETS), grid_dicts.map(_yaml), _with_nasty_values(), _bombs(), plain.map(_yaml), st.text(max_size=60)
)
claim_texts = st.one_of(
    _mutated((CLAIMS,)),
    _bombs(),
    st.dictionaries(st.sampled_from([*KEYS, "x"]), plain, max_size=2).map(_yaml),
    st.text(max_size=60),
)


def files(text: st.SearchStrategy[str]) -> st.SearchStrategy[bytes]:
    """Return the bytes of files: texts as they are written, some in other encodings, some damaged."""
    written = text.map(lambda words: words.encode("utf-8", "surrogatepass"))
    return st.one_of(
        written,
        written,
        text.map(lambda words: words.encode("utf-16", "surrogatepass")),
        st.binary(max_size=60),
        st.tuples(written, st.binary(max_size=3), st.floats(0, 1)).map(
            lambda parts: (
                parts[0][: int(len(parts[0]) * parts[2])] + parts[1] + parts[0][int(len(parts[0]) * parts[2]) :]
            )
        ),
        st.just(b"#" * 1_000_001),
    )


def _npz(arrays: dict[str, Any]) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


_arrays = st.dictionaries(
    st.sampled_from(["node_features", "node_labels", "edges", "train_masks", "val_masks", "test_masks", "x"]),
    st.sampled_from([np.zeros((2, 2)), np.arange(4), np.array(["a"]), np.array(1.5), np.zeros((0, 2)), np.eye(3) > 0]),
    max_size=6,
)
raw_files = st.one_of(
    st.binary(max_size=40),
    st.sampled_from(
        [b"", b"\n", b"1\n", b"0,1\n1,0\n", b"id1,id2\n0,1\n", b"1\t2\t3\n", b"PK\x03\x04", b"{}", b"\x1f\x8b"]
    ),
    st.sampled_from(
        [b"1,2\n9,9\n", b"-1,0\n", b"nan,inf\n", b"\x80\x04N.", b'{"0": [1], "1": [99999999999]}', b"9" * 5000]
    ),
    st.text("0123456789,\t \n-.eain", max_size=30).map(str.encode),
    _arrays.map(_npz),
)
