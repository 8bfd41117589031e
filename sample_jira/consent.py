"""The page on which a person grants access, and where its decision leads."""

from collections.abc import Mapping
from html import escape
from urllib.parse import urlencode

from sample_jira.messages import Answer, html_answer, redirect


def consent_page(who: str, what: str, parameters: Mapping[str, str]) -> Answer:
    """Asks whether `who` may have `what`; the form posts the parameters and the decision back."""
    kept = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in parameters.items()
        if name != "decision"
    )
    buttons = "".join(
        f'<button name="decision" value="{value}">{value.title()}</button>' for value in ("accept", "cancel")
    )
    text = f"<p>{escape(who)} would like access to: {escape(what)}</p>"
    return html_answer("Authorize", f'{text}<form method="post" action="?">{kept}{buttons}</form>')


def back_to(uri: str, **parameters: str | None) -> Answer:
    """A redirect to the app with these parameters added, those without a value left out."""
    given = {name: value for name, value in parameters.items() if value is not None}
    return redirect(f"{uri}{'&' if '?' in uri else '?'}{urlencode(given)}")
