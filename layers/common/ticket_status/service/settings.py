"""The use cases of administrators together, as the routes of ``SettingsFunction`` call them."""

from dataclasses import dataclass

from ticket_status.service.authorization import Authorization
from ticket_status.service.checking import Checking
from ticket_status.service.editing import Editing
from ticket_status.service.granting import Granting
from ticket_status.service.integrations import Integrations
from ticket_status.service.reading import Reading
from ticket_status.service.rechecking import Rechecking
from ticket_status.service.settings_ports import SettingsPorts
from ticket_status.service.switching import Switching


@dataclass(frozen=True, slots=True)
class SettingsServices:
    """What the routes of ``SettingsFunction`` call."""

    integrations: Integrations
    editing: Editing
    switching: Switching
    checking: Checking
    authorization: Authorization
    rechecking: Rechecking


def settings_services(ports: SettingsPorts, reading: Reading) -> SettingsServices:
    """All of them, over the same ports."""
    checking = Checking(ports)
    return SettingsServices(
        Integrations(ports),
        Editing(ports),
        Switching(ports),
        checking,
        Authorization(ports, Granting(ports, checking)),
        Rechecking(ports, reading),
    )
