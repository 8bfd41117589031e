"""R9b: how many issues one call names. What a site does not bear is remembered for a day, then tried again."""

from datetime import datetime, timedelta
from typing import Final

from msgspec.structs import replace

from ticket_status.core.model import MOST_IDS_PER_CALL, Site

REMEMBERED: Final = timedelta(days=1)
"""How long a size that was too much is not tried again."""

MOST_ASKED_ALONE: Final = 50
"""Issues at fault that are remembered for a site; others are found anew."""


def with_failure(site: Site, too_many: int, works: int, now: datetime) -> Site:
    """The site after a call for so many issues failed that were all answered for in smaller calls."""
    return replace(site, ids_per_call=min(site.ids_per_call, works), ids_too_many=too_many, ids_too_many_at=now)


FEW: Final = 20
"""Calls for so many are not made smaller in doubt: to find the one among them that hangs takes two levels more."""


def with_smaller_calls(site: Site, size: int) -> Site:
    """The site after a call took its whole time-out; whether that was for its size is not known yet."""
    return replace(site, ids_per_call=min(site.ids_per_call, max(size, FEW)))


def with_size(site: Site, size: int) -> Site:
    """The site, of which so much is known for now: nothing was found to be too much."""
    return replace(site, ids_per_call=size)


def with_success(site: Site, issues: int, now: datetime) -> Site:
    """The site after a call for so many issues: the next one may name twice as many, up to half of what is too much."""
    if issues < site.ids_per_call or site.ids_per_call >= MOST_IDS_PER_CALL:
        return site
    if site.ids_too_many is not None and not _forgotten(site, now):
        most = max(site.ids_per_call, site.ids_too_many // 2)
        return replace(site, ids_per_call=min(2 * site.ids_per_call, most))
    larger = min(MOST_IDS_PER_CALL, 2 * site.ids_per_call)
    return replace(site, ids_per_call=larger, ids_too_many=None, ids_too_many_at=None)


def with_asked_alone(site: Site, at_fault: frozenset[str], well: frozenset[str]) -> Site:
    """The site after these issues were found at fault, and these answered for."""
    kept = [one for one in site.asked_alone if one not in well and one not in at_fault]
    return replace(site, asked_alone=tuple([*sorted(at_fault), *kept][:MOST_ASKED_ALONE]))


def _forgotten(site: Site, now: datetime) -> bool:
    return site.ids_too_many_at is None or now - site.ids_too_many_at >= REMEMBERED
