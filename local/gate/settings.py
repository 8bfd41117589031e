"""How unkind the gate is. What it refuses is not among the settings: nobody can switch that off."""

import json
from dataclasses import asdict, dataclass
from typing import Self

SETTINGS_VARIABLE = "GATE_SETTINGS"
"""Bears the settings in the environment that the embedded AWS is started with; its Lambdas do not get it."""

LONGEST_LAG_SECONDS = 30.0


class GateSettingsError(ValueError):
    """Raised when a setting is unknown or out of its bounds; the text names it."""


@dataclass(frozen=True, slots=True)
class GateSettings:
    """Settings of one embedded AWS."""

    lag_seconds: float = 2.0
    """How old the state is that index reads, and reads without ``ConsistentRead``, see."""

    seed: int = 1
    """Decides which calls meet one of the ``faults``."""

    def __post_init__(self) -> None:
        if not 0 <= self.lag_seconds <= LONGEST_LAG_SECONDS:
            raise GateSettingsError(f"lag_seconds: expected 0 to {LONGEST_LAG_SECONDS:g}, not {self.lag_seconds}")

    @classmethod
    def read(cls, text: str | bytes) -> Self:
        """Settings written by ``write``; those that are left out have their defaults. Raises ``GateSettingsError``."""
        try:
            return cls(**json.loads(text or b"{}"))
        except (TypeError, ValueError) as error:
            raise GateSettingsError(str(error)) from error

    def write(self) -> str:
        """As JSON."""
        return json.dumps(asdict(self))
