"""Usage: how much a bucket or prefix holds, as a treemap and tables that fill while it is counted."""
