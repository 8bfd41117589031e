// Scans List: what was scanned, and how many violations with tickets each has.

import { findTickets, listIntegrations, listResources, violationTickets } from "../core/api.js";
import { button, element, link, text as bdi, update } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { sentence } from "../core/problems.js";
import { address, go, note } from "../core/router.js";
import { count, figure } from "../core/times.js";
import { RESOURCE_TYPES } from "../core/words.js";
import { heading } from "../parts/heading.js";
import { pager } from "../parts/pager.js";
import { empty, loading, notice, trouble } from "../parts/states.js";
import { ticketStatus } from "../parts/status.js";
import { table } from "../parts/table.js";
import { violationAddress } from "./violations.js";

const TICKET_KEY = /^[A-Za-z][A-Za-z0-9_]*-[0-9]+$/;
const VIOLATION_ID = /^[A-Za-z0-9._:-]{1,128}$/;
const PAGE = 50;
const LARGEST_PAGE = 100;
const MOST_SEARCHED = 3000; // resources; the API has no search of its own
const MOST_SHOWN = 100;
const TYPING_MS = 250;

/** Show the list. */
export async function showScans(place) {
  const body = element("div", { class: "list" });
  const search = searchField(place, body);
  const unwell = element("div", { class: "stack" });
  const without = link(address(["scans", "none", "violations"]), { class: "aside" }, "Violations without a resource");
  place.root.replaceChildren(heading({ name: "Scans List", aside: "Artifacts, builds and release bundles that have violations with Jira tickets.", beside: without }), unwell, element("div", { class: "tools" }, search, types(place)), body);
  tellOfTrouble(unwell, place.signal);
  if (place.query.q) await find(place, body, place.query.q);
  else await showPage(place, body);
  place.ready();
}

async function showPage(place, body) {
  update(body, loading("resources"));
  try {
    const { type, after } = place.query;
    const answer = await listResources({ type, limit: PAGE, next_token: after }, place.signal);
    const none = empty("Nothing here yet", "As soon as a Jira ticket is created for a violation, its resource is listed here.");
    update(body, answer.resources.length ? resourceTable(answer.resources) : none, pager(place, answer.next_token));
  } catch (error) {
    if (!place.signal.aborted) update(body, trouble(error, () => showPage(place, body)));
  }
}

function searchField(place, body) {
  let timer = null;
  let ending = new AbortController();
  const input = element("input", { type: "search", id: "search", placeholder: "Resource, violation or ticket", autocomplete: "off", value: place.query.q ?? "" });
  const begin = () => {
    ending.abort();
    ending = new AbortController();
    const text = input.value.trim();
    note({ q: text, after: "" });
    const signal = AbortSignal.any([place.signal, ending.signal]);
    const next = { ...place, query: { type: place.query.type }, signal };
    if (text) find(next, body, text);
    else showPage(next, body);
  };
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(begin, TYPING_MS);
  });
  return element("div", { class: "search" }, icon("search"), element("label", { for: "search", class: "hidden-text" }, "Search resources, violations and tickets"), input);
}

/** Look through all pages, showing what is found on the way. */
async function find(place, body, text) {
  update(body, loading("resources"));
  try {
    const exact = await lookUp(text, place.signal);
    const found = [];
    let searched = 0;
    for await (const page of everyPage(place)) {
      searched += page.length;
      found.push(...page.filter((resource) => fits(resource, text.toLowerCase())));
      if (found.length) update(body, exact, results(found, text));
    }
    const nothing = exact ? null : empty(`Nothing fits “${text}”`, "The search looks for violations and tickets by their whole name, and for resources by a part of name or version.");
    update(body, exact, found.length ? results(found, text) : nothing);
    if (searched >= MOST_SEARCHED) body.append(element("p", { class: "aside" }, `Only the first ${count(searched, "resource")} were searched.`));
  } catch (error) {
    if (!place.signal.aborted) update(body, trouble(error, () => find(place, body, text)));
  }
}

/** A violation or a ticket of exactly this name. */
async function lookUp(name, signal) {
  const [violation, tickets] = await Promise.all([violationNamed(name, signal), ticketsNumbered(name, signal)]);
  const ids = new Map(violation ? [[name, violation]] : []);
  for (const ticket of tickets) for (const id of ticket.violation_ids) if (!ids.has(id)) ids.set(id, ticket);
  if (!ids.size) return null;
  const columns = [
    { name: "Violation", cell: ([id]) => link(violationAddress(id, {}), { class: "row-link" }, id) },
    { name: "Ticket Status", class: "wide", cell: ([, ticket]) => ticketStatus(ticket) },
    { name: "Ticket No.", cell: ([, { ticket_no: number }]) => bdi(number) },
  ];
  const rows = [...ids];
  return element("div", { class: "stack", data: { key: "exact" } }, element("p", { class: "aside found", role: "status" }, `${count(rows.length, "violation")} of “${name}”.`), table({ caption: "Violations", columns, rows, key: ([id]) => id }));
}

async function violationNamed(name, signal) {
  if (!VIOLATION_ID.test(name)) return null;
  try {
    return (await violationTickets(name, signal)).tickets[0];
  } catch (error) {
    if (error.status === 404) return null;
    throw error;
  }
}

async function ticketsNumbered(name, signal) {
  return TICKET_KEY.test(name) ? (await findTickets({ ticket_no: name.toUpperCase() }, signal)).tickets : [];
}

/** What keeps statuses from being fresh, and the way to mend it. */
async function tellOfTrouble(root, signal) {
  try {
    const { integrations } = await listIntegrations({ limit: LARGEST_PAGE }, signal);
    update(root, integrations.filter(({ retrieve_jira_tickets: on }) => on).map(troubleOf));
  } catch {
    // The list itself says what is wrong.
  }
}

function troubleOf({ connection_name: name, health, paused_until: paused }) {
  const mend = link(address(["integrations", name]), {}, `Open ${name} to mend it`);
  if (health.status === "FAULTY_CONFIGURATION") return notice("bad", `${name} is broken: its tickets show Unknown`, `${sentence(health.reason ?? "")} `, mend);
  if (health.status === "PENDING_AUTHORIZATION") return notice("waiting", `${name} waits to be authorised`, mend);
  const soon = (health.warnings ?? []).map(({ detail }) => notice("waiting", `The credential of ${name} expires soon`, `${sentence(detail)} `, mend));
  return paused ? [...soon, notice("plain", `Jira asked for a pause: ${name} goes on by itself`)] : soon;
}

async function* everyPage({ query, signal }) {
  let after;
  let seen = 0;
  do {
    const answer = await listResources({ type: query.type, limit: LARGEST_PAGE, next_token: after }, signal);
    signal.throwIfAborted();
    seen += answer.resources.length;
    after = answer.next_token;
    yield answer.resources;
  } while (after && seen < MOST_SEARCHED);
}

function fits({ name, version }, text) {
  return `${name} ${version ?? ""}`.toLowerCase().includes(text);
}

function results(found, text) {
  const more = found.length > MOST_SHOWN ? ` The first ${MOST_SHOWN} are shown: search for more of the name.` : "";
  return [
    element("p", { class: "aside found", role: "status" }, `${count(found.length, "resource")} with “${text}”.${more}`),
    resourceTable(found.slice(0, MOST_SHOWN)),
  ];
}

function types({ query }) {
  const options = [["", "All"], ...Object.entries(RESOURCE_TYPES).map(([type, { many }]) => [type, many])];
  const buttons = options.map(([type, label]) =>
    button(label, () => go(address(["scans"], { type, q: document.getElementById("search").value.trim() })), { "aria-pressed": String((query.type ?? "") === type) }),
  );
  return element("div", { class: "segments", role: "group", "aria-label": "Type of resource" }, buttons);
}

function resourceTable(rows) {
  const columns = [
    { name: "Resource", class: "wide", cell: resourceLink },
    { name: "Type", cell: ({ type }) => RESOURCE_TYPES[type]?.one ?? type },
    { name: "Violations", class: "number", cell: ({ violations }) => figure(violations) },
  ];
  return table({ caption: "Resources", columns, rows, key: ({ type, name, version }) => JSON.stringify([type, name, version]) });
}

function resourceLink({ type, name, version }) {
  const to = address(["scans", type, name], { version });
  return link(to, { class: "row-link" }, element("span", { class: "name" }, bdi(name)), version === null ? null : element("span", { class: "version" }, bdi(version)));
}
