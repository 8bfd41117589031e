"""Assembles use cases and adapters: one module per function, so that each loads only its own.

Everything is built on first use, once per function container.
"""
