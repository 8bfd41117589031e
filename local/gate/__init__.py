"""The gate in front of the embedded AWS: it refuses, in AWS's own words, what AWS would refuse.

``model`` holds requests against the constraints in botocore's service models, ``rules`` against the documented rules
that no model has, and the rest is as unkind as AWS where the emulator is kinder: ``lag``, ``lineage``, ``faults``.
``server`` starts the embedded AWS with all of it; ``in_process`` does the first two for clients on moto.

Only the standard library and botocore are imported here, since it runs beside the embedded AWS (``docs/aws.md``).
"""
