"""Ticket Status: where the Jira tickets of policy violations stand."""

__version__ = "0.2.0"
