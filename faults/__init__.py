"""``make faults``: what must hold when things go wrong, tried in bulk; each fault found is a test in ``tests`` as well."""
