// The tickets of one integration, narrowed by what they show; where the numbers of the overview lead to.

import { findTickets, getSummary } from "../core/api.js";
import { button, element, link, outside, text, update } from "../core/dom.js";
import { t } from "../core/language.js";
import { address, go } from "../core/router.js";
import { byCategory } from "../core/standing.js";
import { day, moment, zone } from "../core/times.js";
import { exportButton } from "../parts/export.js";
import { filterQuery, filters, OF_TICKETS } from "../parts/filters.js";
import { heading } from "../parts/heading.js";
import { listFoot, sizeOf } from "../parts/list_foot.js";
import { poll } from "../parts/polling.js";
import { refreshPageButton } from "../parts/refresh_page.js";
import { selection } from "../parts/selection.js";
import { sorting } from "../parts/sorting.js";
import { empty, loading, trouble } from "../parts/states.js";
import { isAwaited, statusOrder } from "../parts/status.js";
import { table } from "../parts/table.js";
import { statusCell } from "./violation.js";
import { violationAddress } from "./violations.js";

const LARGEST_PAGE = 1000;
const SOON_MS = 3000;
const LATER_MS = 30_000;
const MOST_VIOLATIONS = 3; // of a ticket, in the list
const EXPORTED = ["ticket_no", "issue_id", "ticket_status", "ticket_status_category", "unknown_reason", "last_known_status", "refresh_state", "created_at", "last_update", "ticket_status_since", "violation_ids", "violations", "ticket_url"];
const COLUMNS = [
  { id: "ticket", name: t("column.ticket"), by: ({ ticket_no: number }) => number, cell: ({ ticket_no: number, ticket_url: url }) => outside(url, text(number)) },
  { id: "status", name: t("column.status"), class: "wide", by: statusOrder, cell: statusCell },
  { id: "violation", name: t("column.violation"), class: "wide", by: ({ violation_ids: ids }) => ids[0], cell: violations },
  { id: "created", name: t("column.created"), by: ({ created_at: at }) => at, cell: ({ created_at: at }) => day(at) },
  { id: "updated", name: t("column.updated"), by: ({ last_update: at }) => at, cell: ({ last_update: at }) => moment(at) ?? t("common.never") },
];

/** Show the tickets of the integration that the address names. */
export function showTickets(place) {
  const [, name] = place.segments;
  const query = { integration_name: name, status: place.query.status, ...filterQuery(place, OF_TICKETS) };
  const said = element("div", {});
  const body = element("div", { class: "list" });
  const chosen = selection(({ ticket_no: number }) => number);
  const columns = [...COLUMNS, ...chosen.columns()];
  let shown = [];
  let next;
  let total;

  const read = async (after) => {
    const answer = await findTickets({ ...query, limit: LARGEST_PAGE, next_token: after }, place.signal);
    return [answer.tickets.map((ticket) => ({ ...ticket, violation_ids: ticket.violation_ids.join(" ") })), answer.next_token];
  };
  const rows = () => shown.filter(({ violation_ids: ids }) => ids.length).map((ticket) => ({ ...ticket, violation_id: ticket.violation_ids[0] }));
  const tools = element(
    "div",
    { class: "tools" },
    filters(place, OF_TICKETS),
    place.query.status ? chip(place) : null,
    element("div", { class: "buttons" }, refreshPageButton({ shown: rows, chosen, said, signal: place.signal, done: () => looking.again() }), exportButton({ name: `${name}.csv`, noun: "ticket", columns: EXPORTED, read, said, signal: place.signal })),
  );
  const trail = [[t("nav.integrations"), address(["integrations"])], [name, address(["integrations", name])]];
  place.root.replaceChildren(heading({ trail, name: t("column.tickets"), aside: name }), tools, said, body);
  update(body, loading("tickets"));

  const sort = sorting(place, () => show());
  const show = () => {
    const none = empty(t("tickets.none"), next ? t("violations.none_more") : t("tickets.none_way"));
    const list = table({ caption: t("tickets.caption"), columns, rows: shown, key: ({ ticket_no: number }) => number, sort });
    const order = sort.said(columns, Boolean(next || place.query.after));
    update(body, shown.length ? [list, zone()] : none, listFoot(place, { noun: "ticket", shown: shown.length, next, total, order }));
  };
  const looking = poll(async () => {
    const [answer, summary] = await Promise.all([
      findTickets({ ...query, limit: sizeOf(place), next_token: place.query.after }, place.signal),
      getSummary(name, place.signal).catch(() => null),
    ]);
    shown = answer.tickets;
    next = answer.next_token;
    chosen.changed();
    total = summary ? counted(summary, place.query) : undefined;
    show();
    place.ready();
    return shown.some(isAwaited) ? SOON_MS : LATER_MS;
  }, (error) => {
    update(body, trouble(error, () => looking.again()));
    return null;
  }, place.signal);
}

/** How many tickets a filter has, as the summary counts them. */
function counted(summary, { filter = "", status }) {
  const sums = byCategory(summary);
  if (status) return summary.by_status.filter(({ ticket_status: one }) => one === status).reduce((sum, { tickets }) => sum + tickets, 0);
  if (!filter) return Object.values(sums).reduce((sum, tickets) => sum + tickets, 0);
  return filter === "outside_window" ? sums.outside : sums[filter] ?? summary.unknown[filter] ?? 0;
}

/** The status by name that the list is narrowed to, and the way out of it. */
function chip(place) {
  const { status, ...others } = place.query;
  const label = t("tickets.status", { status });
  return button([text(label), " ×"], () => go(address(place.segments, { ...others, after: "" })), { class: "chip", "aria-label": t("tickets.without", { label }) });
}

function violations({ violation_ids: ids, violations: all }) {
  const named = ids.slice(0, MOST_VIOLATIONS);
  const links = named.map((id, place) => [place ? ", " : "", link(violationAddress(id, {}), {}, text(id))]);
  return element("span", {}, links, all > named.length ? ` ${t("tickets.more", { n: all - named.length })}` : null);
}
