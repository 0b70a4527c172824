"""Manifests as the description in docs/schema.md has them, written without the library."""

import hashlib
import json
from pathlib import Path
from typing import Any


def manifest_line(folder: Path, name: str) -> dict[str, Any]:
    """Return what a manifest says of a file; computed here, from the description in docs/schema.md."""
    content = (folder / name).read_bytes()
    line = {"file": name, "bytes": len(content)}
    if not name.startswith("snapshots/"):
        return {**line, "sha256": digest(content)}
    end = 8 + int.from_bytes(content[:8], "little")
    places = {key: value["data_offsets"] for key, value in json.loads(content[8:end]).items()}
    tensors = {key: digest(content[end + start : end + stop]) for key, (start, stop) in places.items()}
    return {**line, "header": digest(content[:end]), "tensors": tensors}


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def write_manifest(folder: Path, lines: list[str]) -> None:
    """Give a record this manifest, and the mark that fits."""
    (folder / "manifest.jsonl").write_text("".join(f"{line}\n" for line in lines))
    (folder / "COMPLETE").write_text(digest((folder / "manifest.jsonl").read_bytes()) + "\n")
