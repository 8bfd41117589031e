"""Ticket Status: the statuses of Jira tickets of policy violations."""

__version__ = "0.2.0"
