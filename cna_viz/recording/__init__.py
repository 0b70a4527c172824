"""From a training network to a record: taps that listen, a recorder that measures and writes."""
