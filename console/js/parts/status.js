// The ticket status: a dot in the colour of its category, the name, and why it is Unknown.

import { element, text } from "../core/dom.js";
import { UNKNOWN } from "../core/words.js";

/** What the "Ticket Status" column shows of a ticket; nothing while retrieval is off. */
export function ticketStatus(ticket) {
  if (ticket.ticket_status === null) {
    return element("span", { class: "hidden-text" }, "Not shown: retrieval is switched off");
  }
  return ticket.unknown_reason ? unknown(reasonOf(ticket)) : known(ticket);
}

/** A ticket that grew too old before it was ever retrieved does not wait for anything. */
function reasonOf({ unknown_reason: reason, refresh_state: state }) {
  return reason === "NOT_RETRIEVED_YET" && state === "outside_window" ? "TOO_OLD" : reason;
}

/** Whether a ticket will soon show something else by itself. */
export function isAwaited({ unknown_reason: reason, refresh_state: state }) {
  return reason === "NOT_RETRIEVED_YET" && state === "active";
}

function known({ ticket_status: name, ticket_status_category: category }) {
  return element("span", { class: "ticket-status" }, element("span", { class: `dot ${category ?? "undefined"}` }), text(name));
}

function unknown(reason) {
  const [short, long] = UNKNOWN[reason] ?? [reason, ""];
  return element(
    "span",
    { class: "ticket-status", title: long },
    element("span", { class: "dot unknown" }),
    element("span", {}, "Unknown", element("span", { class: "aside" }, short)),
  );
}

/** A small mark with a word: the state of a run, the health of an integration. */
export function mark({ word, tone }) {
  return element("span", { class: "mark" }, element("span", { class: `dot ${tone}` }), element("span", {}, word));
}
