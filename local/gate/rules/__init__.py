"""Layer 2: documented rules that the service models lack, as data with their source.

A rule checks one call (or one entry of a batch, for services that refuse single entries) and returns AWS's refusal.
``docs/aws.md`` lists the rules; a test compares the list with this package.
"""
