"""The background pool: worker processes by lane, streamed events, cancel, questions. Knows nothing of storage."""
