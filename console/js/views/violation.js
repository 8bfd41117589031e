// One violation: its Tickets Info tab, with the refresh button, and where it was found.

import { refreshTickets, violationTickets } from "../core/api.js";
import { announce, element, link, outside, update } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { address } from "../core/router.js";
import { may } from "../core/session.js";
import { ago, count, day, moment, TIME_ZONE } from "../core/times.js";
import { REFRESH_REASONS, REFRESH_STATES, RESOURCE_TYPES } from "../core/words.js";
import { facts, heading } from "../parts/heading.js";
import { poll } from "../parts/polling.js";
import { loading, notice, problemNotice, trouble } from "../parts/states.js";
import { isAwaited, ticketStatus } from "../parts/status.js";
import { table } from "../parts/table.js";
import { tabs } from "../parts/tabs.js";
import { lastDelivery } from "../parts/webhooks.js";
import { violationAddress } from "./violations.js";

const SOON_MS = 3000;
const LATER_MS = 30_000;
// While webhooks are live only they are asked; the tickets for as long as a delivery takes to show, and now and then.
const WATCH_MS = 5000;
const SHOWS_WITHIN_MS = 15_000;
const QUIET_MS = 300_000;

/** Show the violation and the tab that the address names. */
export function showViolation(place) {
  const [, id, tab = "tickets"] = place.segments;
  const resource = place.query;
  const { bar, panel } = tabs(`Violation ${id}`, [
    { id: "tickets", label: "Tickets Info", address: violationAddress(id, resource) },
    { id: "overview", label: "Overview", address: violationAddress(id, resource, "overview") },
  ], tab === "overview" ? "overview" : "tickets");
  place.root.replaceChildren(heading({ trail: trail(resource), name: id, aside: "Policy violation" }), bar, panel);
  update(panel, loading("tickets"));
  const show = tab === "overview" ? overview : ticketsInfo;
  show(place, id, panel);
}

function trail({ type, name, version }) {
  const above = [["Scans List", "#/scans"]];
  return name && type ? [...above, [version ? `${name} ${version}` : name, address(["scans", type, name], { version })]] : above;
}

function ticketsInfo(place, id, panel) {
  const said = element("div", {});
  const list = element("div", {});
  const when = element("span", { class: "aside" });
  const refresh = refreshButton(() => press());
  let before = [];
  let pressing = false;
  let delivered = null;
  let changing = 0;
  let shown = 0;

  function show({ tickets, last_update: last }) {
    if (!panel.contains(list)) panel.replaceChildren(element("div", { class: "tab-head" }, when, may("refresh") ? refresh : null), said, list, zone());
    update(when, last ? ["Last update ", moment(last), `, ${ago(last)}`] : "No ticket was retrieved yet");
    update(list, ticketTable(tickets));
    before = tickets;
    shown = Date.now();
    place.ready();
  }

  const looking = poll(async () => {
    if (pressing) return SOON_MS;
    const calm = delivered !== null && Date.now() > changing && Date.now() < shown + QUIET_MS;
    if (!calm) {
      const answer = await violationTickets(id, place.signal);
      if (!pressing) show(answer);
    }
    if (before.some(isAwaited)) return SOON_MS;
    const last = await lastDelivery(new Set(before.map((ticket) => ticket.integration_name)), place.signal);
    if (last !== delivered) [delivered, changing] = [last, Date.now() + SHOWS_WITHIN_MS];
    if (delivered === null) return LATER_MS;
    return Date.now() < changing ? SOON_MS : WATCH_MS;
  }, (error) => {
    update(panel, trouble(error, () => looking.again()));
    return null;
  }, place.signal);

  async function press() {
    pressing = true;
    busy(refresh, true);
    update(said);
    announce("Asking Jira for the statuses");
    const earlier = before;
    try {
      const answer = await refreshTickets(id, place.signal);
      show(answer);
      update(said, summary(answer.tickets, earlier));
    } catch (error) {
      if (!place.signal.aborted) update(said, problemNotice(error));
    } finally {
      pressing = false;
      busy(refresh, false);
    }
  }
}

function refreshButton(press) {
  return element("button", { type: "button", class: "primary refresh", on: { click: press } }, icon("refresh"), element("span", {}, "Refresh"));
}

function busy(button, working) {
  button.disabled = working;
  button.classList.toggle("working", working);
  button.lastChild.textContent = working ? "Asking Jira…" : "Refresh";
  if (!working) button.focus({ preventScroll: true });
}

/** What the refresh came to, then each ticket that changed or was not refreshed, and why. */
function summary(tickets, earlier) {
  const asked = tickets.filter(({ refresh }) => refresh.outcome === "changed" || refresh.outcome === "unchanged");
  const changed = asked.filter(({ refresh }) => refresh.outcome === "changed");
  const left = tickets.filter((ticket) => !asked.includes(ticket));
  const lines = [...changed.map((ticket) => changeLine(ticket, earlier)), ...left.map(reasonLine)];
  const failed = left.some(({ refresh }) => refresh.outcome !== "skipped");
  return notice(failed ? "waiting" : asked.length ? "good" : "plain", headline(asked.length, changed.length, tickets.length), lines.length ? element("ul", {}, lines) : "");
}

function headline(asked, changed, all) {
  if (asked === 0) return all === 1 ? "The ticket was not refreshed" : "No ticket was refreshed";
  const share = asked === all ? count(asked, "ticket") : `${asked} of ${count(all, "ticket")}`;
  return `${share} refreshed, ${changed === 0 ? "nothing changed" : `${changed} changed`}`;
}

function changeLine(ticket, earlier) {
  const known = earlier.find((one) => one.integration_name === ticket.integration_name && one.issue_id === ticket.issue_id);
  const was = known?.ticket_status ?? "Not shown";
  return element("li", {}, element("strong", {}, ticket.ticket_no), `: ${was} → ${ticket.ticket_status ?? "Not shown"}`);
}

function reasonLine({ ticket_no: number, refresh }) {
  return element("li", {}, element("strong", {}, number), `: ${REFRESH_REASONS[refresh.reason] ?? refresh.outcome}.`);
}

function ticketTable(tickets) {
  const columns = [
    { name: "Ticket No.", cell: ({ ticket_no: number, ticket_url: url }) => outside(url, number) },
    { name: "Ticket Status", class: "wide", cell: statusCell },
    { name: "Integration", cell: ({ integration_name: name }) => link(address(["integrations", name]), {}, name) },
    { name: "Created", cell: ({ created_at: at }) => day(at) },
    { name: "Last Update", cell: ({ last_update: at }) => moment(at) ?? "Never" },
  ];
  return table({ caption: "Tickets of the violation", columns, rows: tickets, key: (ticket) => `${ticket.integration_name} ${ticket.ticket_no}` });
}

function statusCell(ticket) {
  const last = ticket.unknown_reason && ticket.last_known_status;
  return element(
    "div",
    {},
    ticketStatus(ticket),
    last ? element("span", { class: "aside under-status" }, `Last known status: ${ticket.last_known_status}`) : null,
    REFRESH_STATES[ticket.refresh_state] ? element("span", { class: "aside under-status" }, REFRESH_STATES[ticket.refresh_state]) : null,
  );
}

function zone() {
  return element("p", { class: "aside zone" }, `Times are in your time zone, ${TIME_ZONE}.`);
}

async function overview(place, id, panel) {
  try {
    const { tickets } = await violationTickets(id, place.signal);
    update(panel, overviewFacts(id, place.query, tickets));
    place.ready();
  } catch (error) {
    if (!place.signal.aborted) update(panel, trouble(error, () => overview(place, id, panel)));
  }
}

function overviewFacts(id, { type, name, version }, tickets) {
  const integrations = [...new Set(tickets.map((ticket) => ticket.integration_name))];
  return facts([
    ["Violation", id],
    ["Found in", name && link(address(["scans", type, name], { version }), {}, version ? `${name} ${version}` : name)],
    ["Type", RESOURCE_TYPES[type]?.one],
    ["Ticket Status", ticketStatus(tickets[0])],
    ["Leading ticket", outside(tickets[0].ticket_url, tickets[0].ticket_no)],
    ["Tickets", String(tickets.length)],
    ["Integrations", integrations.join(", ")],
  ]);
}
