"""What paired runs can say: intervals, tests, equivalence, effects of a factorial, reference levels."""
