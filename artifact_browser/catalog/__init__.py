"""Collections, artifacts and their manifests: read, staged, committed with compare-and-swap."""
