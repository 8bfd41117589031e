"""Violations in DynamoDB."""
