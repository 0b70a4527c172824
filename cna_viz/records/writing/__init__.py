"""Writing a record: one writer at a time, file by file, sealed at the end."""
