// Policy Violations of one resource, or of none, with the Ticket Status column, filters, refresh and export.

import { listViolations } from "../core/api.js";
import { element, link, text, update } from "../core/dom.js";
import { t } from "../core/language.js";
import { address } from "../core/router.js";
import { figure } from "../core/times.js";
import { RESOURCE_TYPES } from "../core/words.js";
import { exportButton } from "../parts/export.js";
import { filterQuery, filters } from "../parts/filters.js";
import { heading } from "../parts/heading.js";
import { listFoot, sizeOf } from "../parts/list_foot.js";
import { poll } from "../parts/polling.js";
import { refreshPageButton } from "../parts/refresh_page.js";
import { selection } from "../parts/selection.js";
import { sorting } from "../parts/sorting.js";
import { empty, loading, trouble } from "../parts/states.js";
import { isAwaited, statusOrder, ticketStatus } from "../parts/status.js";
import { table } from "../parts/table.js";

const LARGEST_PAGE = 100;
// While statuses are on their way; otherwise the list is looked at again now and then.
const SOON_MS = 3000;
const LATER_MS = 30_000;
const EXPORTED = ["violation_id", "ticket_no", "ticket_status", "ticket_status_category", "unknown_reason", "refresh_state", "tickets"];

/** Show the violations of the resource that the address names; of `none`, those registered without a resource. */
export function showViolations(place) {
  const [, type, name] = place.segments;
  const { version } = place.query;
  const isNone = type === "none";
  const of = isNone ? { resource_type: "none" } : { resource_type: type, resource_name: name, resource_version: version };
  const query = { ...of, ...filterQuery(place) };
    const said = element("div", {});
  const body = element("div", { class: "list" });
  const chosen = selection(({ violation_id: id }) => id);
  const columns = [...columnsOf(isNone ? {} : { type, name, version }), ...chosen.columns()];
  let shown = [];
  let next;

  const read = async (after) => {
    const answer = await listViolations({ ...query, limit: LARGEST_PAGE, next_token: after }, place.signal);
    return [answer.violations, answer.next_token];
  };
  const tools = element(
    "div",
    { class: "tools" },
    filters(place),
    element("div", { class: "buttons" }, refreshPageButton({ shown: () => shown, chosen, said, signal: place.signal, done: () => looking.again() }), exportButton({ name: "violations.csv", noun: "violation", columns: EXPORTED, read, said, signal: place.signal })),
  );
  place.root.replaceChildren(heading({ trail: [[t("nav.scans"), "#/scans"]], name: isNone ? t("scans.without") : name, aside: described(type, version) }), element("h2", {}, t("violations.name")), tools, said, body);
  update(body, loading("violations"));

  const sort = sorting(place, () => show());
  const show = () => {
    const none = empty(t("violations.none"), next ? t("violations.none_more") : t("violations.none_way"));
    const list = table({ caption: t("violations.caption"), columns, rows: shown, key: ({ violation_id: id }) => id, sort });
    const order = sort.said(columns, Boolean(next || place.query.after));
    update(body, shown.length ? list : none, listFoot(place, { noun: "violation", shown: shown.length, next, order }));
  };
  const looking = poll(async () => {
    const answer = await listViolations({ ...query, limit: sizeOf(place), next_token: place.query.after }, place.signal);
    shown = answer.violations;
    next = answer.next_token;
    chosen.changed();
    show();
    place.ready();
    return shown.some(isAwaited) ? SOON_MS : LATER_MS;
  }, (error) => {
    update(body, trouble(error, () => looking.again()));
    return null;
  }, place.signal);
}

function described(type, version) {
  if (type === "none") return t("violations.without");
  const kind = RESOURCE_TYPES[type] ?? type;
  return version ? t("violations.version", { type: kind, version }) : kind;
}

function columnsOf(resource) {
  return [
    { id: "violation", name: t("column.violation"), by: ({ violation_id: id }) => id, cell: ({ violation_id: id }) => link(violationAddress(id, resource), { class: "row-link" }, text(id)) },
    { id: "status", name: t("column.status"), class: "wide", by: statusOrder, cell: ticketStatus },
    { id: "ticket", name: t("column.ticket"), by: ({ ticket_no: number }) => number, cell: ({ ticket_no: number }) => text(number) },
    { id: "tickets", name: t("column.tickets"), class: "number", by: ({ tickets }) => tickets, cell: ({ tickets }) => figure(tickets) },
  ];
}

/** The address of a violation; it remembers by which resource one came. */
export function violationAddress(id, { type, name, version }, tab = "tickets") {
  return address(["violations", id, tab], { type, name, version });
}
