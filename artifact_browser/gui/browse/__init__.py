"""Bucket tree, blob table, address, filter and details."""
