// The ticket status: a dot in the colour of its category, the name, and why it is Unknown.

import { element, text } from "../core/dom.js";
import { t } from "../core/language.js";
import { UNKNOWN, UNKNOWN_WHY } from "../core/words.js";

/** What the "Ticket Status" column shows of a ticket; nothing while retrieval is off. */
export function ticketStatus(ticket) {
  if (ticket.ticket_status === null) {
    return element("span", { class: "hidden-text" }, t("unknown.off"));
  }
  return ticket.unknown_reason ? unknown(reasonOf(ticket)) : known(ticket);
}

/** A ticket that grew too old before it was ever retrieved does not wait for anything. */
function reasonOf({ unknown_reason: reason, refresh_state: state }) {
  return reason === "NOT_RETRIEVED_YET" && state === "outside_window" ? "TOO_OLD" : reason;
}

/** What lists of statuses are sorted by: to do, in progress, done, Unknown, not shown; within that by name. */
export function statusOrder({ ticket_status: name, ticket_status_category: category, unknown_reason: reason }) {
  const place = name === null ? 5 : reason ? 4 : ["new", "indeterminate", "done"].indexOf(category) + 1;
  return `${place} ${reason ?? name ?? ""}`;
}

/** Whether a ticket will soon show something else by itself. */
export function isAwaited({ unknown_reason: reason, refresh_state: state }) {
  return reason === "NOT_RETRIEVED_YET" && state === "active";
}

function known({ ticket_status: name, ticket_status_category: category }) {
  return element("span", { class: "ticket-status" }, element("span", { class: `dot ${category ?? "undefined"}` }), text(name));
}

function unknown(reason) {
  return element(
    "span",
    { class: "ticket-status", title: UNKNOWN_WHY[reason] },
    element("span", { class: "dot unknown" }),
    element("span", {}, t("unknown.name"), element("span", { class: "aside" }, UNKNOWN[reason] ?? reason)),
  );
}

/** A small mark with a word: the state of a run, the health of an integration. */
export function mark({ word, tone }) {
  return element("span", { class: "mark" }, element("span", { class: `dot ${tone}` }), element("span", {}, word));
}
