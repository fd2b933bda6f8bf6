"""One room per provider; they do not know each other and share one conformance suite (`tests/storage/conformance`)."""
