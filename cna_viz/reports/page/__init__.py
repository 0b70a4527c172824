"""From an executed notebook to one page that opens offline."""
