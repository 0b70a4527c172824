"""Nothing that is read can run: no module of ours unpickles, evaluates or hands a text to a shell."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

import cna_viz
from cna_viz.records.stored import stored_runs

ROOT: Final = Path(cna_viz.__file__).parent
PICKLES: Final = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "pickletools"}
EVALUATE: Final = {"eval", "exec", "compile", "execfile"}
SUFFIXES: Final = {"", ".json", ".jsonl", ".safetensors"}

Called = tuple[str, ast.Call]


def modules() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(ROOT.rglob("*.py")):
        yield path, ast.parse(path.read_text(encoding="utf-8"))


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def calls(tree: ast.Module) -> Iterator[Called]:
    """Return every call with the words before its bracket, as in ``np.load``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def is_said(call: ast.Call, name: str, value: object) -> bool:
    """Whether an argument is handed over by name, with this constant."""
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    return isinstance(constant := given.get(name), ast.Constant) and constant.value is value


def complaints(tree: ast.Module) -> Iterator[str]:
    yield from (name for name in imported(tree) if name.partition(".")[0] in PICKLES)
    for name, call in calls(tree):
        last = name.rpartition(".")[2]
        if name in EVALUATE or last in {"read_pickle", "unsafe_load", "full_load", "FullLoader"}:
            yield name
        if name == "torch.load" and not is_said(call, "weights_only", True):
            yield "torch.load without weights_only=True"
        if name in {"np.load", "numpy.load"} and not is_said(call, "allow_pickle", False):
            yield "np.load without allow_pickle=False"
        if name in {"os.system", "os.popen"} or is_said(call, "shell", True):
            yield f"{name}: a shell"
        if name == "yaml.load" and ast.unparse(call.args[1]) != "_Loader":
            yield "yaml.load with another loader than ours, which is safe"


@pytest.mark.subprocess
def test_no_module_can_run_what_it_reads() -> None:
    found = {str(path.relative_to(ROOT)): [*complaints(tree)] for path, tree in modules()}
    assert len(found) > 200
    assert {path: wrong for path, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize(
    "text",
    [
        "import pickle",
        "from joblib import load",
        "torch.load(path)",
        "torch.load(path, weights_only=False)",
        "np.load(path)",
        "np.load(path, allow_pickle=True)",
        "yaml.load(text, yaml.Loader)",
        "yaml.unsafe_load(text)",
        "subprocess.run(words, shell=True)",
        "os.system(words)",
        "eval(text)",
        "pd.read_pickle(path)",
    ],
)
def test_the_walk_sees_what_it_looks_for(text: str) -> None:
    assert [*complaints(ast.parse(text))]


def test_our_loader_of_yaml_makes_nothing_but_plain_values() -> None:
    import yaml

    from cna_viz.descriptions import _Loader

    assert issubclass(_Loader, yaml.SafeLoader)
    assert not issubclass(_Loader, yaml.FullLoader | yaml.UnsafeLoader)


def test_a_record_has_files_of_text_and_tensors_only() -> None:
    files = [path for path in stored_runs().rglob("*") if path.is_file()]
    assert len(files) > 100
    assert {path.suffix for path in files} <= SUFFIXES
