"""The command line: results on stdout, everything else on stderr, exit codes 0 (done), 1 (failed) and 2 (bad usage)."""
