"""Records for other programs: tables, netCDF, and how far two records differ."""
