"""What the use cases need from the outside, as protocols named by role.

Adapters are in ``aws`` and ``jira``, fakes in the tests.

Stores raise only what the outside world does to them (outages, throttling that outlasts the retries): what can be
expected is in their answers.
"""
