"""What a run is called in a menu."""

from cna_viz.records.record import Record


def run_label(record: Record) -> str:
    """Return what a run is called in a menu: ``cna · 16 layers · csbm · random-48-32-20 · seed 0 · 41093fd9``."""
    facts = record.config.facts
    parts = (facts["slot"], f"{facts['layers']} layers", facts["dataset"], facts["split"], f"seed {facts['seed']}")
    return " · ".join([*map(str, parts), record.id[:8]])
