"""Jira over HTTP: the adapter behind ``ports.Jira``. What is concluded from which answer: ``docs/jira.md``."""
