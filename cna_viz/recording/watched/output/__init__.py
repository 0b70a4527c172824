"""What a network returns: which tensor is scored, and what its numbers are."""
