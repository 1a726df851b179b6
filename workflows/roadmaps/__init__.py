"""Road maps as files: what a region or a municipality approved, row by row."""
