"""Training of the networks; the only importer of torch, and importable without it: `shapes` needs numpy alone."""
