"""One thread per process: the graphs are tiny, and threads that wait for each other cost fifty times what they save."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # read by torch when it is imported, and by every process the tests start
