"""Adapters to AWS: the stores in DynamoDB, the secrets in Secrets Manager, the queue in SQS."""
