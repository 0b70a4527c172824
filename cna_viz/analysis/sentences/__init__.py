"""Results in generated sentences: a module per question, each a function from records to lines of text."""
