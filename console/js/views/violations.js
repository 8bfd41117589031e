// Policy Violations of one resource, or of none, with the Ticket Status column, filters, refresh and export.

import { listViolations, refreshViolations } from "../core/api.js";
import { announce, button, element, link, text, update } from "../core/dom.js";
import { address, go } from "../core/router.js";
import { may } from "../core/session.js";
import { count, figure } from "../core/times.js";
import { CATEGORIES, RESOURCE_TYPES, UNKNOWN } from "../core/words.js";
import { download } from "../parts/download.js";
import { heading } from "../parts/heading.js";
import { pager } from "../parts/pager.js";
import { poll } from "../parts/polling.js";
import { empty, loading, notice, problemNotice, trouble } from "../parts/states.js";
import { isAwaited, ticketStatus } from "../parts/status.js";
import { table } from "../parts/table.js";

const PAGE = 50; // as many as one refresh takes
const LARGEST_PAGE = 100;
// While statuses are on their way; otherwise the list is looked at again now and then.
const SOON_MS = 3000;
const LATER_MS = 30_000;
const FILTERS = [
  ["", "All", {}],
  ...Object.entries(CATEGORIES).map(([category, label]) => [category, label, { category }]),
  ...["DELETED", "INACCESSIBLE", "INTEGRATION_BROKEN", "NOT_RETRIEVED_YET"].map((reason) => [reason, UNKNOWN[reason][0], { unknown_reason: reason }]),
];

/** Show the violations of the resource that the address names; of `none`, those registered without a resource. */
export function showViolations(place) {
  const [, type, name] = place.segments;
  const { version, filter = "" } = place.query;
  const of = type === "none" ? { resource_type: "none" } : { resource_type: type, resource_name: name, resource_version: version };
  const query = { ...of, ...FILTERS.find(([id]) => id === filter)?.[2] };
  const resource = type === "none" ? {} : { type, name, version };
  const said = element("div", {});
  const body = element("div", { class: "list" });
  let shown = [];
  const looking = poll(look, (error) => {
    update(body, trouble(error, () => looking.again()));
    return null;
  }, place.signal);
  const tools = element("div", { class: "tools" }, filters(place, filter), refreshButton(), button("Export as CSV", (event) => exportAll(event.currentTarget, query, said, place.signal)));
  const title = type === "none" ? "Violations without a resource" : name;
  place.root.replaceChildren(heading({ trail: [["Scans List", "#/scans"]], name: title, aside: described(type, version) }), element("h2", {}, "Policy Violations"), tools, said, body);
  update(body, loading("violations"));

  async function look() {
    const answer = await listViolations({ ...query, limit: PAGE, next_token: place.query.after }, place.signal);
    shown = answer.violations.map(({ violation_id: id }) => id);
    const more = answer.next_token ? "Go on to the next page: a page can be empty when a filter is set." : "This resource is not known, or none of its violations fits.";
    update(body, shown.length ? violationTable(answer.violations, resource) : empty("No violations here", more), pager(place, answer.next_token));
    place.ready();
    return answer.violations.some(isAwaited) ? SOON_MS : LATER_MS;
  }

  function refreshButton() {
    return may("refresh") ? button("Refresh this page", press, { class: "primary" }) : null;
  }

  async function press(event) {
    const pressed = event.currentTarget;
    if (!shown.length) return;
    pressed.disabled = true;
    announce("Asking Jira for the statuses");
    try {
      const { violations } = await refreshViolations(shown, place.signal);
      update(said, refreshed(Object.values(violations).flatMap(({ tickets }) => tickets)));
      looking.again();
    } catch (error) {
      if (!place.signal.aborted) update(said, problemNotice(error));
    }
    pressed.disabled = false;
  }
}

function refreshed(tickets) {
  const outcome = (wanted) => tickets.filter(({ refresh }) => refresh.outcome === wanted).length;
  const asked = outcome("changed") + outcome("unchanged");
  const rest = outcome("failed") + outcome("deferred");
  return notice(rest ? "waiting" : "good", `${count(asked, "ticket")} refreshed, ${figure(outcome("changed"))} changed`, rest ? `${count(rest, "ticket")} could not be refreshed: open a violation to see why.` : "");
}

function filters(place, current) {
  const buttons = FILTERS.map(([id, label]) =>
    button(label, () => go(address(place.segments, { version: place.query.version, filter: id })), { "aria-pressed": String(id === current) }),
  );
  return element("div", { class: "segments", role: "group", "aria-label": "Status" }, buttons);
}

/** Every violation that fits, page by page. */
async function exportAll(pressed, query, said, signal) {
  pressed.disabled = true;
  try {
    const rows = [];
    let after;
    do {
      const answer = await listViolations({ ...query, limit: LARGEST_PAGE, next_token: after }, signal);
      rows.push(...answer.violations);
      after = answer.next_token;
      update(said, notice("plain", `${count(rows.length, "violation")} read…`));
    } while (after);
    download("violations.csv", ["violation_id", "ticket_no", "ticket_status", "ticket_status_category", "unknown_reason", "refresh_state", "tickets"], rows);
    update(said, notice("good", `${count(rows.length, "violation")} exported`));
  } catch (error) {
    if (!signal.aborted) update(said, problemNotice(error));
  }
  pressed.disabled = false;
}

function described(type, version) {
  if (type === "none") return "Registered without saying what was scanned";
  const kind = RESOURCE_TYPES[type]?.one ?? type;
  return version ? `${kind}, version ${version}` : kind;
}

function violationTable(rows, resource) {
  const columns = [
    { name: "Violation", cell: ({ violation_id: id }) => link(violationAddress(id, resource), { class: "row-link" }, id) },
    { name: "Ticket Status", class: "wide", cell: ticketStatus },
    { name: "Ticket No.", cell: ({ ticket_no: number }) => text(number) },
    { name: "Tickets", class: "number", cell: ({ tickets }) => figure(tickets) },
  ];
  return table({ caption: "Policy violations", columns, rows, key: ({ violation_id: id }) => id });
}

/** The address of a violation; it remembers by which resource one came. */
export function violationAddress(id, { type, name, version }, tab = "tickets") {
  return address(["violations", id, tab], { type, name, version });
}
