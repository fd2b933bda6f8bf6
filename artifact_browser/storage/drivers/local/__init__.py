"""*This computer*: buckets are folders, blobs are ordinary files, one SQLite file remembers the rest (decision 7)."""
