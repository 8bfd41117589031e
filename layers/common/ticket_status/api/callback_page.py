"""The page at the end of an authorisation: says in plain words what happened, and closes itself."""

from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from html import escape
from http import HTTPStatus
from typing import assert_never

from ticket_status.api.call import Reply
from ticket_status.service.administration.grants import Authorised, Ended, GrantFailed, NotGranted, StateInvalid

_CLOSES_AFTER_SUCCESS = 4
_CLOSES_AFTER_TROUBLE = 30
"""Seconds: time to read it."""

_SCRIPT = "setTimeout(() => window.close(), 1000 * Number(document.body.dataset.closesAfter));"
_STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:15vh auto;padding:0 1rem}"
    "small{opacity:.7}"
)


def _source(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        f"default-src 'none'; script-src {_source(_SCRIPT)}; style-src {_source(_STYLE)}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}


def callback_page(ended: Ended) -> Reply:
    """The page for the result of an authorisation: 200 if access was stored, else 400."""
    status, title, text = _words(ended)
    seconds = _CLOSES_AFTER_SUCCESS if status is HTTPStatus.OK else _CLOSES_AFTER_TROUBLE
    body = (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<style>{_STYLE}</style></head>"
        f'<body data-closes-after="{seconds}"><h1>{escape(title)}</h1><p>{escape(text)}</p>'
        f"<p><small>This window closes itself. You can close it now.</small></p>"
        f"<script>{_SCRIPT}</script></body></html>\n"
    )
    return Reply(status, body, "text/html; charset=utf-8", _HEADERS)


def _words(ended: Ended) -> tuple[HTTPStatus, str, str]:
    match ended:
        case Authorised():
            return HTTPStatus.OK, *_authorised(ended)
        case NotGranted(connection_name=name):
            text = f"Access was not granted, so nothing has changed for the integration {name}."
            return HTTPStatus.BAD_REQUEST, "Access not granted", text
        case GrantFailed(connection_name=name, reason=reason):
            text = f"The access granted could not be used for the integration {name}: {reason}. Nothing was stored."
            return HTTPStatus.BAD_REQUEST, "Authorisation failed", text
        case StateInvalid():
            text = "This authorisation is unknown, has expired, or was used already. Start again."
            return HTTPStatus.BAD_REQUEST, "Authorisation not valid", text
        case _:
            assert_never(ended)


def _authorised(ended: Authorised) -> tuple[str, str]:
    name = ended.connection_name
    if ended.missing_scopes:
        missing = ", ".join(ended.missing_scopes)
        text = f"The integration {name} has access, but to retrieve tickets it lacks these permissions: {missing}."
        return "Permissions missing", f"{text} Add them in Atlassian's developer console and authorise again."
    if ended.trouble is not None:
        return "Access granted", f"The integration {name} has access, but a first try failed: {ended.trouble.reason}."
    return "Access granted", f"The integration {name} is authorised and works. You can go on in the platform."
