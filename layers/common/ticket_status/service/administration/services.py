"""The use cases of administrators together, as the routes of ``SettingsFunction`` call them."""

from msgspec import Struct

from ticket_status.service.administration.authorization import Authorization
from ticket_status.service.administration.connection_test import Checking
from ticket_status.service.administration.editing import Editing
from ticket_status.service.administration.grants import Granting
from ticket_status.service.administration.integrations import Integrations
from ticket_status.service.administration.recheck import Rechecking
from ticket_status.service.administration.settings_ports import SettingsPorts
from ticket_status.service.administration.switching import Switching
from ticket_status.service.administration.webhook import WebhookPorts, Webhooks
from ticket_status.service.tickets.reading import Reading


class SettingsServices(Struct, frozen=True):
    """What the routes of ``SettingsFunction`` call."""

    integrations: Integrations
    editing: Editing
    switching: Switching
    checking: Checking
    authorization: Authorization
    rechecking: Rechecking
    webhooks: Webhooks


def settings_services(ports: SettingsPorts, reading: Reading, webhooks: WebhookPorts) -> SettingsServices:
    """All of them, over the same ports."""
    checking = Checking(ports)
    return SettingsServices(
        Integrations(ports),
        Editing(ports),
        Switching(ports),
        checking,
        Authorization(ports, Granting(ports, checking)),
        Rechecking(ports, reading),
        Webhooks(ports, webhooks),
    )
