"""Registering, reading and publishing tickets."""
