"""From a training network to a record: taps observe the layers, a recorder measures and writes."""
