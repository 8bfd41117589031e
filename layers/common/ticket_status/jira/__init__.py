"""Jira over HTTP: the adapter behind ``ports.Jira``. ``docs/jira.md`` says what is concluded from each response."""
