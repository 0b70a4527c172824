"""Networks: convolutions of a backbone with a new slot in every gap between them."""
