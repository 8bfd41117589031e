"""Integrations in DynamoDB."""
