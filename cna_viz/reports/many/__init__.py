"""Several reports by one command: the gallery, batches, and the page that lists them."""
