"""What several figures draw: marks, lines, nodes, edges, frames."""
