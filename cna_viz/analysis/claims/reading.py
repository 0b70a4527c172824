"""Claims from YAML: those of this library, or a file of the user."""

from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Final

from cna_viz import descriptions
from cna_viz.analysis.claims.kinds import KINDS
from cna_viz.analysis.claims.model import Claim
from cna_viz.errors import UsageError, shown, unknown_name

KEYS: Final = ("claims",)
"""Keys of a file of claims."""


def read_claims(path: Path | str | None = None) -> list[Claim]:
    """Return the claims of a YAML file, in its order; those of this library when ``path`` is left out.

    Raises:
        UsageError: When the file does not exist, is not YAML, or has an invalid claim; the message names file, line and
            claim.
    """
    if path is None:
        own = resources.files("cna_viz.analysis.claims") / "claims.yaml"
        return parse_claims(own.read_text("utf-8"), "claims.yaml")
    path = Path(path)
    return parse_claims(descriptions.read_text(path, "a list of claims"), path.name)


def parse_claims(text: str, file: str) -> list[Claim]:
    """Return the claims that a YAML text describes; arguments and errors as in :func:`read_claims`."""
    data = descriptions.parse(text, file, "a list of claims", KEYS)
    for key in data:
        if key not in KEYS:
            raise UsageError(f"{file}: {unknown_name('key', str(key), KEYS)}")
    entries = data.get("claims")
    if not isinstance(entries, list) or not entries:
        raise UsageError(f"{file}: claims is empty: it needs a list of at least one claim")
    claims: dict[str, Claim] = {}
    for entry, line in zip(entries, descriptions.lines_of(text, "claims"), strict=True):
        where = f"{file}, line {line}"
        claim = _claim(entry, where)
        if claim.id in claims:
            raise UsageError(f"{where}: claim {shown(claim.id)} appears twice; give one of them another id")
        claims[claim.id] = claim
    return list(claims.values())


def choose(claims: Sequence[Claim], only: Sequence[str]) -> list[Claim]:
    """Return the claims with these ids, in the order of ``claims``; all of them where no id is given."""
    known = [claim.id for claim in claims]
    for name in only:
        if name not in known:
            raise unknown_name("claim", name, known)
    return [claim for claim in claims if claim.id in only or not only]


def _claim(entry: object, where: str) -> Claim:
    if not isinstance(entry, dict):
        raise UsageError(f"{where}: a claim needs the keys {', '.join(Claim.model_fields)}")
    where = f"{where}: claim {shown(str(entry['id']))}" if "id" in entry else where
    kind = str(entry.get("kind"))
    if kind not in KINDS:
        raise UsageError(f"{where}: {unknown_name('kind', kind, KINDS)}")
    try:
        return KINDS[kind].model_validate(entry)
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from None
