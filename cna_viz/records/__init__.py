"""The wall between the wings: records of runs, as labelled arrays in memory and plain files on disk. No torch here."""
