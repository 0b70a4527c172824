"""The training loop: what it calls, reports and replaces, and what is doubtful about it."""
