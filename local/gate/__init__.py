"""The gate in front of the embedded AWS: it refuses, in AWS's own words, what AWS would refuse.

``model`` checks requests against the constraints in botocore's service models, ``rules`` against documented rules that
the models lack, and the rest reproduces difficulties of AWS that the emulator lacks: ``lag``, ``lineage``, ``faults``.
``server`` starts the embedded AWS with all of it; ``in_process`` does the first two for clients on moto.

Only the standard library and botocore are imported here, since it runs beside the embedded AWS (``docs/aws.md``).
"""
