"""Reading a record: files and their integrity, the contract applied to them, labelled arrays."""
