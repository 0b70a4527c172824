"""Small networks on small graphs, computed while somebody waits: torch inside, NumPy out. For the playground."""
