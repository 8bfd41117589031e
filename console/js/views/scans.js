// Scans List: what was scanned, and how many violations with tickets each has.

import { findTickets, listIntegrations, listResources, violationTickets } from "../core/api.js";
import { button, element, link, text as bdi, update } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { t } from "../core/language.js";
import { address, go, note } from "../core/router.js";
import { count, figure } from "../core/times.js";
import { RESOURCE_TYPES, TYPES_OF_RESOURCES } from "../core/words.js";
import { heading } from "../parts/heading.js";
import { listFoot, sizeOf } from "../parts/list_foot.js";
import { sorting } from "../parts/sorting.js";
import { empty, loading, trouble } from "../parts/states.js";
import { ticketStatus } from "../parts/status.js";
import { table } from "../parts/table.js";
import { troublesOf } from "../parts/troubles.js";
import { violationAddress } from "./violations.js";

const TICKET_KEY = /^[A-Za-z][A-Za-z0-9_]*-[0-9]+$/;
const VIOLATION_ID = /^[A-Za-z0-9._:-]{1,128}$/;
const LARGEST_PAGE = 100;
const MOST_SEARCHED = 3000; // resources; the API has no search of its own
const MOST_SHOWN = 100;
const TYPING_MS = 250;
const COLUMNS = [
  { id: "name", name: t("column.resource"), class: "wide", by: ({ name, version }) => `${name} ${version ?? ""}`, cell: resourceLink },
  { id: "type", name: t("column.type"), by: ({ type }) => RESOURCE_TYPES[type] ?? type, cell: ({ type }) => RESOURCE_TYPES[type] ?? type },
  { id: "violations", name: t("column.violations"), class: "number", by: ({ violations }) => violations, cell: ({ violations }) => figure(violations) },
];

/** Show the list. */
export async function showScans(place) {
  const body = element("div", { class: "list" });
  const search = searchField(place, body);
  const unwell = element("div", { class: "stack" });
  const without = link(address(["scans", "none", "violations"]), { class: "aside" }, t("scans.without"));
  place.root.replaceChildren(heading({ name: t("nav.scans"), aside: t("scans.aside"), beside: without }), unwell, element("div", { class: "tools" }, search, types(place)), body);
  tellOfTrouble(unwell, place.signal);
  if (place.query.q) await find(place, body, place.query.q);
  else await showPage(place, body);
  place.ready();
}

async function showPage(place, body) {
  update(body, loading("resources"));
  try {
    const { type, after } = place.query;
    const { resources: rows, next_token: next } = await listResources({ type, limit: sizeOf(place), next_token: after }, place.signal);
    const none = empty(t("scans.none_title"), t("scans.none"));
    const sort = sorting(place, () => show());
    const show = () => {
      const order = sort.said(COLUMNS, Boolean(next || after));
      update(body, rows.length ? resourceTable(rows, sort) : none, listFoot(place, { noun: "resource", shown: rows.length, next, order }));
    };
    show();
  } catch (error) {
    if (!place.signal.aborted) update(body, trouble(error, () => showPage(place, body)));
  }
}

function searchField(place, body) {
  let timer = null;
  let ending = new AbortController();
  const input = element("input", { type: "search", id: "search", placeholder: t("scans.placeholder"), autocomplete: "off", value: place.query.q ?? "", data: { shortcut: "search" } });
  const begin = () => {
    ending.abort();
    ending = new AbortController();
    const text = input.value.trim();
    note({ q: text, after: "" });
    const signal = AbortSignal.any([place.signal, ending.signal]);
    const next = { ...place, query: { type: place.query.type, size: place.query.size, sort: place.query.sort }, signal };
    if (text) find(next, body, text);
    else showPage(next, body);
  };
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(begin, TYPING_MS);
  });
  return element("div", { class: "search" }, icon("search"), element("label", { for: "search", class: "hidden-text" }, t("scans.search")), input);
}

/** Look through all pages, showing what is found on the way. */
async function find(place, body, text) {
  update(body, loading("resources"));
  try {
    const exact = await lookUp(text, place.signal);
    const nothing = exact ? null : empty(t("scans.nothing", { text }), t("scans.nothing_way"));
    const found = [];
    let searched = 0;
    const sort = sorting(place, () => show());
    const show = () => update(body, exact, found.length ? results(found, text, sort) : nothing);
    for await (const page of everyPage(place)) {
      searched += page.length;
      found.push(...page.filter((resource) => fits(resource, text.toLowerCase())));
      if (found.length) show();
    }
    show();
    if (searched >= MOST_SEARCHED) body.append(element("p", { class: "aside" }, t("scans.cut", { resources: count("resource", searched) })));
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
    { name: t("column.violation"), cell: ([id]) => link(violationAddress(id, {}), { class: "row-link" }, id) },
    { name: t("column.status"), class: "wide", cell: ([, ticket]) => ticketStatus(ticket) },
    { name: t("column.ticket"), cell: ([, { ticket_no: number }]) => bdi(number) },
  ];
  const rows = [...ids];
  return element("div", { class: "stack", data: { key: "exact" } }, element("p", { class: "aside found", role: "status" }, t("scans.of", { violations: count("violation", rows.length), name })), table({ caption: t("violations.found"), columns, rows, key: ([id]) => id }));
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
    update(root, integrations.flatMap((integration) => troublesOf(integration)));
  } catch {
    // The list itself says what is wrong.
  }
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

function results(found, text, sort) {
  const more = found.length > MOST_SHOWN ? ` ${t("scans.first", { n: MOST_SHOWN })}` : "";
  return [
    element("p", { class: "aside found", role: "status" }, `${t("scans.with", { resources: count("resource", found.length), text })}${more}`),
    resourceTable(found.slice(0, MOST_SHOWN), sort),
  ];
}

function types(place) {
  const options = [["", t("common.all")], ...Object.entries(TYPES_OF_RESOURCES)];
  const buttons = options.map(([type, label]) =>
    button(label, () => go(address(["scans"], { type, size: place.query.size, sort: place.query.sort, q: document.getElementById("search").value.trim() })), { "aria-pressed": String((place.query.type ?? "") === type) }),
  );
  return element("div", { class: "segments", role: "group", "aria-label": t("scans.types") }, buttons);
}

function resourceTable(rows, sort) {
  return table({ caption: t("scans.caption"), columns: COLUMNS, rows, key: ({ type, name, version }) => JSON.stringify([type, name, version]), sort });
}

function resourceLink({ type, name, version }) {
  const to = address(["scans", type, name], { version });
  return link(to, { class: "row-link" }, element("span", { class: "name" }, bdi(name)), version === null ? null : element("span", { class: "version" }, bdi(version)));
}
