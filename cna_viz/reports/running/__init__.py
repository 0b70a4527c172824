"""Running a notebook to its real end."""
