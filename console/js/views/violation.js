// One violation: its Tickets Info tab, with the refresh button, and where it was found.

import { refreshTickets, violationTickets } from "../core/api.js";
import { announce, element, link, outside, text, update } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { rich, t } from "../core/language.js";
import { address } from "../core/router.js";
import { may } from "../core/session.js";
import { ago, count, day, figure, moment, zone } from "../core/times.js";
import { REFRESH_REASONS, REFRESH_STATES, RESOURCE_TYPES } from "../core/words.js";
import { facts, heading } from "../parts/heading.js";
import { poll } from "../parts/polling.js";
import { loading, notice, problemNotice, trouble } from "../parts/states.js";
import { isAwaited, statusOrder, ticketStatus } from "../parts/status.js";
import { sorting } from "../parts/sorting.js";
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
  const { bar, panel } = tabs(t("violation.tabs", { name: id }), [
    { id: "tickets", label: t("violation.tickets"), address: violationAddress(id, resource) },
    { id: "overview", label: t("violation.overview"), address: violationAddress(id, resource, "overview") },
  ], tab === "overview" ? "overview" : "tickets");
  place.root.replaceChildren(heading({ trail: trail(resource), name: id, aside: t("violation.aside") }), bar, panel);
  update(panel, loading("tickets"));
  const show = tab === "overview" ? overview : ticketsInfo;
  show(place, id, panel);
}

function trail({ type, name, version }) {
  const above = [[t("nav.scans"), "#/scans"]];
  return name && type ? [...above, [version ? `${name} ${version}` : name, address(["scans", type, name], { version })]] : above;
}

function ticketsInfo(place, id, panel) {
  const said = element("div", {});
  const list = element("div", {});
  const when = element("span", { class: "aside" });
  const refresh = refreshButton(() => press());
  const sort = sorting(place, () => update(list, ticketTable(before, sort)));
  let before = [];
  let pressing = false;
  let delivered = null;
  let changing = 0;
  let shown = 0;

  function show({ tickets, last_update: last }) {
    if (!panel.contains(list)) panel.replaceChildren(element("div", { class: "tab-head" }, when, may("refresh") ? refresh : null), said, list, zone());
    update(when, last ? rich("violation.updated", { moment: moment(last), ago: ago(last) }) : t("violation.never"));
    update(list, ticketTable(tickets, sort));
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
    announce(t("common.asking"));
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
  return element("button", { type: "button", class: "primary refresh", data: { shortcut: "refresh" }, on: { click: press } }, icon("refresh"), element("span", {}, t("violation.refresh")));
}

function busy(button, working) {
  button.disabled = working;
  button.classList.toggle("working", working);
  button.lastChild.textContent = working ? t("violation.refreshing") : t("violation.refresh");
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
  if (asked === 0) return all === 1 ? t("violation.one_left") : t("violation.all_left");
  const share = asked === all ? count("ticket", asked) : t("violation.share", { asked, tickets: count("ticket", all) });
  return changed === 0 ? t("violation.unchanged", { share }) : t("violation.done", { share, changed });
}

function changeLine(ticket, earlier) {
  const known = earlier.find((one) => one.integration_name === ticket.integration_name && one.issue_id === ticket.issue_id);
  const was = known?.ticket_status ?? t("common.not_shown");
  return element("li", {}, element("strong", {}, text(ticket.ticket_no)), ": ", text(t("violation.change", { was, now: ticket.ticket_status ?? t("common.not_shown") })));
}

function reasonLine({ ticket_no: number, refresh }) {
  return element("li", {}, element("strong", {}, number), `: ${REFRESH_REASONS[refresh.reason] ?? refresh.outcome}.`);
}

function ticketTable(tickets, sort) {
  const columns = [
    { id: "ticket", name: t("column.ticket"), by: ({ ticket_no: number }) => number, cell: ({ ticket_no: number, ticket_url: url }) => outside(url, number) },
    { id: "status", name: t("column.status"), by: statusOrder, class: "wide", cell: statusCell },
    { id: "integration", name: t("column.integration"), by: ({ integration_name: name }) => name, cell: ({ integration_name: name }) => link(address(["integrations", name]), {}, name) },
    { id: "created", name: t("column.created"), by: ({ created_at: at }) => at, cell: ({ created_at: at }) => day(at) },
    { id: "updated", name: t("column.updated"), by: ({ last_update: at }) => at, cell: ({ last_update: at }) => moment(at) ?? t("common.never") },
  ];
  return table({ caption: t("violation.caption"), columns, rows: tickets, key: (ticket) => `${ticket.integration_name} ${ticket.ticket_no}`, sort });
}

/** A status, with what was last known of it and why it stays as it is. */
export function statusCell(ticket) {
  const last = ticket.unknown_reason && ticket.last_known_status;
  return element(
    "div",
    {},
    ticketStatus(ticket),
    last ? element("span", { class: "aside under-status" }, text(t("violation.last_known", { status: ticket.last_known_status }))) : null,
    REFRESH_STATES[ticket.refresh_state] ? element("span", { class: "aside under-status" }, REFRESH_STATES[ticket.refresh_state]) : null,
  );
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
    [t("column.violation"), text(id)],
    [t("violation.found_in"), name && link(address(["scans", type, name], { version }), {}, version ? `${name} ${version}` : name)],
    [t("column.type"), RESOURCE_TYPES[type]],
    [t("column.status"), ticketStatus(tickets[0])],
    [t("violation.leading"), outside(tickets[0].ticket_url, tickets[0].ticket_no)],
    [t("column.tickets"), figure(tickets.length)],
    [t("violation.integrations"), integrations.join(", ")],
  ]);
}
