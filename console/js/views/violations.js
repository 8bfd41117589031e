// Policy Violations of one resource, with the Ticket Status column.

import { listViolations } from "../core/api.js";
import { element, link, update } from "../core/dom.js";
import { address } from "../core/router.js";
import { figure } from "../core/times.js";
import { RESOURCE_TYPES } from "../core/words.js";
import { heading } from "../parts/heading.js";
import { pager } from "../parts/pager.js";
import { poll } from "../parts/polling.js";
import { empty, loading, trouble } from "../parts/states.js";
import { ticketStatus } from "../parts/status.js";
import { table } from "../parts/table.js";

const PAGE = 50;
// While statuses are on their way; otherwise the list is looked at again now and then.
const SOON_MS = 3000;
const LATER_MS = 30_000;

/** Show the violations of the resource that the address names. */
export function showViolations(place) {
  const [, type, name] = place.segments;
  const { version } = place.query;
  const body = element("div", { class: "list" });
  place.root.replaceChildren(heading({ trail: [["Scans List", "#/scans"]], name, aside: described(type, version) }), element("h2", {}, "Policy Violations"), body);
  update(body, loading("violations"));
  const query = { resource_type: type, resource_name: name, resource_version: version, limit: PAGE, next_token: place.query.after };

  async function look() {
    const answer = await listViolations(query, place.signal);
    const none = empty("No violations with tickets", "This resource is not known, or none of its violations has a Jira ticket.");
    update(body, answer.violations.length ? violationTable(answer.violations, { type, name, version }) : none, pager(place, answer.next_token));
    place.ready();
    return answer.violations.some(({ unknown_reason: reason }) => reason === "NOT_RETRIEVED_YET") ? SOON_MS : LATER_MS;
  }

  const looking = poll(look, (error) => {
    update(body, trouble(error, () => looking.again()));
    return null;
  }, place.signal);
}

function described(type, version) {
  const kind = RESOURCE_TYPES[type]?.one ?? type;
  return version ? `${kind}, version ${version}` : kind;
}

function violationTable(rows, resource) {
  const columns = [
    { name: "Violation", cell: ({ violation_id: id }) => link(violationAddress(id, resource), { class: "row-link" }, id) },
    { name: "Ticket Status", class: "wide", cell: ticketStatus },
    { name: "Ticket No.", cell: ({ ticket_no: number }) => number },
    { name: "Tickets", class: "number", cell: ({ tickets }) => figure(tickets) },
  ];
  return table({ caption: "Policy violations", columns, rows, key: ({ violation_id: id }) => id });
}

/** The address of a violation; it remembers by which resource one came. */
export function violationAddress(id, { type, name, version }, tab = "tickets") {
  return address(["violations", id, tab], { type, name, version });
}
