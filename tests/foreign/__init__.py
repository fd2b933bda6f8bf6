"""Other people's programs on the same bucket. A package, since workers import its jobs by name."""
