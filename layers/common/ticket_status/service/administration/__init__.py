"""What administrators do: integrations, their settings and their access to Jira."""
