"""What every API function needs besides its services."""

from ticket_status.api.application import ApiContext
from ticket_status.composition.parts import now, telemetry
from ticket_status.config import ApiConfig


def api_context(config: ApiConfig) -> ApiContext:
    """For a function with this configuration."""
    return ApiContext(
        logger=telemetry().logger,
        metrics=telemetry().metrics,
        now=now,
        allowed_origin=config.allowed_origin or None,
        public_address=config.public_api_url or None,
    )
