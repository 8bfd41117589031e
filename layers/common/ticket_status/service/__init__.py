"""The use cases, over ports only: what the handlers call."""
