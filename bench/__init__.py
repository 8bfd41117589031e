"""What the service costs in requests, units, writes, CPU and time, beside the floors and the peers.

``make bench`` runs the short form; ``make bench FULL=1`` the long one. Counts are taken at the boundary: at the HTTP
requests that leave for Jira and for DynamoDB, not from what the code believes of itself.
"""
