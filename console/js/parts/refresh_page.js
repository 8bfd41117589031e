// Refresh what a list shows: as many requests as it takes, how far they are, and what changed.

import { refreshViolations } from "../core/api.js";
import { announce, button, element, text, update } from "../core/dom.js";
import { t } from "../core/language.js";
import { may } from "../core/session.js";
import { count } from "../core/times.js";
import { notice, problemNotice } from "./states.js";

const AT_ONCE = 50; // violations that one request takes
const MOST_NAMED = 10;

/**
 * The button. `shown()`: [{violation_id, ticket_no, ticket_status}] of the page, of which `chosen` (a `selection`) may
 * pick some; `done` is called when they were refreshed.
 */
export function refreshPageButton({ shown, chosen, said, signal, done }) {
  if (!may("refresh")) return null;
  const pressed = button(t("list.refresh"), press, { class: "primary", data: { shortcut: "refresh" } });
  chosen.changed = () => {
    const n = chosen.among(shown());
    pressed.textContent = n ? t("list.refresh_chosen", { n }) : t("list.refresh");
  };
  return pressed;

  async function press() {
    const rows = chosen.orAll(shown());
    const ids = [...new Set(rows.map(({ violation_id: id }) => id))];
    if (!ids.length) return;
    pressed.disabled = true;
    announce(t("common.asking"));
    try {
      const tickets = [];
      for (let start = 0; start < ids.length; start += AT_ONCE) {
        if (start) update(said, notice("plain", t("list.refreshing", { done: start, violations: count("violation", ids.length) })));
        const { violations } = await refreshViolations(ids.slice(start, start + AT_ONCE), signal);
        tickets.push(...Object.values(violations).flatMap((violation) => violation.tickets));
      }
      update(said, result(distinct(tickets), new Map(rows.map((row) => [row.ticket_no, row.ticket_status]))));
      done();
    } catch (error) {
      if (!signal.aborted) update(said, problemNotice(error));
    }
    pressed.disabled = false;
  }
}

/** A ticket of several violations is one ticket; one of an earlier integration of this name is another. */
function distinct(tickets) {
  return [...new Map(tickets.map((ticket) => [[ticket.integration_name, ticket.ticket_no, ticket.refresh.outcome].join(" "), ticket])).values()];
}

function result(tickets, before) {
  const outcome = (...wanted) => tickets.filter(({ refresh }) => wanted.includes(refresh.outcome));
  const changed = outcome("changed");
  const rest = outcome("failed", "deferred").length;
  const title = t("list.refreshed", { tickets: count("ticket", changed.length + outcome("unchanged").length), changed: changed.length });
  const lines = changed.slice(0, MOST_NAMED).map((ticket) => line(ticket, before.get(ticket.ticket_no)));
  const more = changed.length > MOST_NAMED ? element("li", {}, t("tickets.more", { n: changed.length - MOST_NAMED })) : null;
  return notice(
    rest ? "waiting" : "good",
    title,
    rest ? t("list.unrefreshed", { tickets: count("ticket", rest) }) : "",
    lines.length ? element("ul", {}, lines, more) : "",
  );
}

function line({ ticket_no: number, ticket_status: now }, was) {
  const change = was ? t("violation.change", { was, now: now ?? t("common.not_shown") }) : now ?? t("common.not_shown");
  return element("li", {}, element("strong", {}, text(number)), ": ", text(change));
}
