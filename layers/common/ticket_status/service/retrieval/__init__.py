"""Retrieving statuses: on schedule, by the button, for new tickets."""
