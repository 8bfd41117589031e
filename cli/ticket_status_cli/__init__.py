"""The command line ``ticket-status``: everything a team does with the service, over its public API only."""
