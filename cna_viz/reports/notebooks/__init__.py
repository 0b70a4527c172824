"""The notebooks: where they are, what parameters they declare, and which values are allowed."""
