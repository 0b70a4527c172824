"""Where nodes are drawn: projections of embeddings, kept between calls, and layouts of graphs."""
