"""What the functions of the HTTP API share: routing, scopes, problems, bodies and responses."""
