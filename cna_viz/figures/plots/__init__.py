"""The public figures, one question per file: record(s) in, figure out."""
