"""The one place where use cases meet their adapters: one module for each function, so that each loads only its own.

What a module builds, it builds on first use, once for each function's container.
"""
