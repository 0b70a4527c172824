"""Fields of configs as the parameters they are: plain type, bounds, default, meaning; attributes would repeat them."""

import inspect
from typing import Annotated, Any, Final, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from sphinx.application import Sphinx

BOUNDS: Final = {Ge: ("≥ {}", "ge"), Gt: ("> {}", "gt"), Le: ("≤ {}", "le"), Lt: ("< {}", "lt")}


def setup(app: Sphinx) -> dict[str, bool]:
    """Register what is done with models; fields are added ahead of napoleon."""
    app.connect("autodoc-process-signature", shorten)
    app.connect("autodoc-process-docstring", add_fields, priority=400)
    app.connect("autodoc-skip-member", skip_fields)
    return {"parallel_read_safe": True}


def shorten(
    app: Sphinx, what: str, name: str, described: Any, options: Any, arguments: str | None, returns: str | None
) -> tuple[str, str] | None:
    """Say each field once: not in the signature, too."""
    return ("(**fields)", "") if _is_model(what, described) else None


def add_fields(app: Sphinx, what: str, name: str, described: Any, options: Any, lines: list[str]) -> None:
    """Add the fields of a model as arguments in Google's style."""
    if _is_model(what, described) and described.model_fields:
        lines += ["", "Args:", *(_line(field, info) for field, info in described.model_fields.items()), ""]


def skip_fields(app: Sphinx, what: str, name: str, member: Any, skip: bool, options: Any) -> bool | None:
    """Leave out the annotations of classes whose fields are shown as arguments."""
    return True if what == "class" and not (inspect.isroutine(member) or inspect.isdatadescriptor(member)) else None


def plain(annotation: Any) -> str:
    """Return an annotation as people write it: without what validates it."""
    if get_origin(annotation) is Annotated:
        return plain(get_args(annotation)[0])
    if get_origin(annotation) is Literal:
        return " or ".join(map(repr, get_args(annotation)))
    if arguments := get_args(annotation):
        if annotation.__class__.__name__ in {"UnionType", "Union", "_UnionGenericAlias"}:
            return " or ".join(map(plain, arguments))
        return f"{get_origin(annotation).__name__}[{', '.join(map(plain, arguments))}]"
    return {type(None): "None", Ellipsis: "..."}.get(annotation) or getattr(annotation, "__name__", str(annotation))


def bounds(info: FieldInfo) -> list[str]:
    """Return the bounds of a field, such as ≥ 1."""
    found = [*info.metadata, *(part for part in get_args(info.annotation) if get_origin(part) is Annotated)]
    flat = [one for part in found for one in (get_args(part)[1:] if get_origin(part) is Annotated else (part,))]
    return [BOUNDS[type(one)][0].format(getattr(one, BOUNDS[type(one)][1])) for one in flat if type(one) in BOUNDS]


def _is_model(what: str, described: Any) -> bool:
    return what == "class" and issubclass(described, BaseModel)


def _line(field: str, info: FieldInfo) -> str:
    default = info.get_default(call_default_factory=True)
    shown = f"{type(default).__name__}()" if isinstance(default, BaseModel) else repr(default)
    facts = [plain(info.annotation), *bounds(info), *([] if info.is_required() else [f"default {shown}"])]
    meaning = info.description or (inspect.getdoc(info.annotation) or "").partition("\n")[0]
    return f"    {field} ({', '.join(facts)}): {' '.join(meaning.split())}"
