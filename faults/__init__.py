"""``make faults``: what must hold when things go wrong, tried in bulk; each fault found has a test in ``tests``."""
