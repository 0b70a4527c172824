"""The contract: names of files and tensors, and dimensions."""

from cna_viz.config.measures import MEASURES
from cna_viz.records import schema


def test_names() -> None:
    assert schema.tensor_name("embedding", 3, "conv") == "embedding.conv.0003"
    assert schema.tensor_name("centroid", 4096) == "centroid.4096"
    assert schema.snapshot_file(7) == "snapshots/0007.safetensors"
    assert schema.snapshot_file(1_000_000) == "snapshots/1000000.safetensors"


def test_dimensions_are_named_and_known() -> None:
    known = {"epoch", "split", "layer", "stage", "snapshot", "node", "channel", "cluster", "coefficient", "bin"}
    known |= {"end", "edge"}
    for name, variable in schema.VARIABLES.items():
        assert set(variable.dims) <= known, name
        assert len(set(variable.dims)) == len(variable.dims)
    assert set(schema.LAYER_VARIABLES) <= set(schema.VARIABLES)
    assert set(MEASURES) <= set(schema.VARIABLES)
