"""Every cross reference in a docstring names something that is there, whether or not the site has a page for it."""

import importlib
import inspect
import pkgutil
import re
from types import ModuleType

import pytest

import cna_viz

ROLE = re.compile(r":(?:class|func|meth|mod|data|attr|exc|obj):`~?([\w.]+)`")
MODULES = sorted(module.name for module in pkgutil.walk_packages(cna_viz.__path__, "cna_viz."))


def there(dotted: str) -> bool:
    """Whether an absolute name leads to a module, or to something in one."""
    parts = dotted.split(".")
    for length in range(len(parts), 0, -1):
        name = ".".join(parts[:length])
        if name == "cna_viz" or name in MODULES:
            found: object = importlib.import_module(name)
            for part in parts[length:]:
                if inspect.isclass(found) and part in inspect.get_annotations(found):
                    return True
                if not hasattr(found, part):
                    return False
                found = getattr(found, part)
            return True
    return False


def leads_somewhere(target: str, module: ModuleType) -> bool:
    """Whether a reference does: by its whole name, its end, or within its module and the classes there."""
    if target.startswith("."):
        rest = target.removeprefix(".").split(".")
        return any(there(".".join([*name.split("."), *rest[1:]])) for name in MODULES if name.endswith(f".{rest[0]}"))
    classes = [value for value in vars(module).values() if inspect.isclass(value)]
    return there(target) or hasattr(module, target) or any(hasattr(one, target) for one in classes)


def test_cross_references_lead_somewhere() -> None:
    modules = [importlib.import_module(name) for name in ("cna_viz", *MODULES)]
    found = {(module, target) for module in modules for target in ROLE.findall(inspect.getsource(module))}
    assert len(found) > 50
    lost = {f"{module.__name__}: {target}" for module, target in found if not leads_somewhere(target, module)}
    assert lost == set()


@pytest.mark.parametrize("target", ["cna_viz.nothing", "cna_viz.config.RunConfg", ".report.make_reports", "nothing"])
def test_the_test_sees_references_that_lead_nowhere(target: str) -> None:
    assert not leads_somewhere(target, cna_viz)
