"""``make faults``: bulk tests of what must hold when things go wrong; each fault found has a test in ``tests``."""
