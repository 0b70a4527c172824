"""From records to tables and projections: numpy and pandas in, numpy and pandas out."""
