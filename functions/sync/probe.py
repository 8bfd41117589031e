"""``ProbeFunction``: every 15 minutes, try broken integrations (R10), begin due runs, close lost ones (R1)."""

from typing import TYPE_CHECKING, Any

from ticket_status.composition import probe as composition

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Probe, and return how many integrations were tried and which recovered."""
    app = composition.probe()
    app.logger.set_correlation_id(context.aws_request_id)
    report = app.probe.probe()
    care = app.care.round()
    app.report(
        "probe",
        {
            "BrokenIntegrations": report.broken,
            "ProbedIntegrations": report.probed,
            "RecoveredIntegrations": len(report.recovered),
            "RunsTakenUp": report.taken_up,
            "LostRuns": report.lost,
            "TroubledWebhooks": care.troubled,
            "RenewedWebhooks": care.renewed,
        },
    )
    return {"probed": report.probed, "recovered": list(report.recovered)}
