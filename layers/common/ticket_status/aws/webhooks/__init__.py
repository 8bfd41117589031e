"""Webhooks in DynamoDB."""
