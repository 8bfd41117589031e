"""Sync runs in DynamoDB."""
