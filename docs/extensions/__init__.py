"""Small extensions of Sphinx for this site, one idea per file."""
