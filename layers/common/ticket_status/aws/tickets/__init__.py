"""Tickets in DynamoDB."""
