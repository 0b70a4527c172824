"""The entries of the catalog of measures, one file per family."""
