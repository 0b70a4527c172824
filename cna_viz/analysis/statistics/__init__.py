"""What paired runs can say: intervals, verdicts, effects of a factorial, reference levels."""
