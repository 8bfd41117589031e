"""Retrieving statuses: on schedule, by hand, and for new tickets."""
