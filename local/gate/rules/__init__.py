"""Layer 2: documented rules that no service model has, as data with their source.

A rule looks at one call (or at one entry of a batch, for the services that refuse entry by entry) and answers AWS's
refusal. ``docs/aws.md`` lists them; a test holds the list and this package against each other.
"""
