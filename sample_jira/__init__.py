"""The sample Jira: real HTTP servers that answer as Jira does.

A Cloud site, a Data Center site, as many more of both as wanted, and one server that is both
api.atlassian.com and auth.atlassian.com; each on a port of its own on the loopback address.
It holds issues, checks every request against Jira's published documents, and lets everything go
wrong that goes wrong in Jira.

In a test::

    with SampleJira() as jira:
        jira.cloud.create("SEC", 3)
        jira.cloud.move("SEC-1", "In Progress")
        jira.cloud.fault("status", path="*/bulkfetch", status=503, times=1)
        ...
        assert jira.violations == []

While it runs, a person controls it by `POST $A/_control/{target}/{call}`, where `$A` is the
address of the Atlassian server, the target is `jira`, `atlassian` or the name of a site, and the
call is a method of that object with its arguments as a JSON object (or in the query, with GET)::

    curl $A/_control/jira/sites
    curl -d '{"issue": "SEC-1", "status": "In Progress"}' $A/_control/cloud/move
    curl -d '{"issue": "SEC-2"}' $A/_control/cloud/delete
    curl -d '{"issue": "SEC-3", "project": "OPS"}' $A/_control/cloud/move_to_project
    curl -d '{"project": "SEC", "count": 10, "created": "2026-11-01T00:00:00Z"}' $A/_control/cloud/create
    curl -d '{"kind": "status", "status": 503, "times": 2}' $A/_control/cloud/fault
    curl -d '{"seconds": 120, "path": "*/search"}' $A/_control/data-center/throttle
    curl -X POST $A/_control/cloud/clear_faults
    curl -d '{"bulk_cap": 100, "reject_credentials": false}' $A/_control/cloud/configure
    curl -d '{"seconds": 600}' $A/_control/jira/advance
    curl $A/_control/cloud/requests
    curl $A/_control/jira/violations

The calls: see `WHOLE_CALLS`, `ATLASSIAN_CALLS` and `SITE_CALLS` of the module `control`.
The faults: see `FaultKind` and `Fault` of the module `faults`.
"""

from sample_jira.sample import SampleJira

__all__ = ["SampleJira"]
