// Integrations: whether each works, what its last run did, and the menu of what can be done.

import { listIntegrations } from "../core/api.js";
import { button, element, link, update } from "../core/dom.js";
import { address, openDialog } from "../core/router.js";
import { may } from "../core/session.js";
import { ago, clock, moment } from "../core/times.js";
import { HEALTH, kind, WEBHOOKS } from "../core/words.js";
import { sentence } from "../core/problems.js";
import { heading } from "../parts/heading.js";
import { integrationMenu, syncNow } from "../parts/integration_actions.js";
import { pager } from "../parts/pager.js";
import { poll } from "../parts/polling.js";
import { isGoing, runProgress } from "../parts/progress.js";
import { empty, loading, trouble } from "../parts/states.js";
import { mark } from "../parts/status.js";
import { table } from "../parts/table.js";
import { webhooksOf } from "../parts/webhooks.js";

const PAGE = 50;
export const MOVING_MS = 1000;
export const STILL_MS = 15_000;
const WEBHOOKS_MS = 60_000;

/** Show the list; it moves while a run goes on. */
export function showIntegrations(place) {
  const said = element("div", {});
  const body = element("div", { class: "list" });
  place.root.replaceChildren(heading({ name: "Integrations", aside: "Connections to Jira, and the retrieval of their tickets' statuses.", beside: may("admin") ? button("Add an integration", () => openDialog("create", "new"), { class: "primary", data: { key: "create" } }) : null }), said, body);
  update(body, loading("integrations"));
  let webhooks = new Map();
  let asked = -Infinity;

  const looking = poll(async () => {
    const answer = await listIntegrations({ limit: PAGE, next_token: place.query.after }, place.signal);
    const rows = answer.integrations.toSorted((one, other) => one.connection_name.localeCompare(other.connection_name));
    const sync = (name) => syncNow(name, said, () => looking.again());
    const show = () => update(body, rows.length ? integrationTable(rows, webhooks, sync) : none(), pager(place, answer.next_token));
    show();
    place.ready();
    if (Date.now() > asked + WEBHOOKS_MS) {
      asked = Date.now();
      webhooks = await webhooksOf(rows.map((row) => row.connection_name), place.signal);
      show();
    }
    return rows.some(({ last_sync: run }) => isGoing(run)) ? MOVING_MS : STILL_MS;
  }, (error) => {
    update(body, trouble(error, () => looking.again()));
    return null;
  }, place.signal);
  addEventListener("dialog-closed", () => {
    asked = -Infinity;
    looking.again();
  }, { signal: place.signal });
}

function none() {
  return empty("No integrations yet", "Add one: it takes the address of a Jira and a credential.");
}

function integrationTable(rows, webhooks, sync) {
  const columns = [
    { name: "Integration", cell: (integration) => nameCell(integration, webhooks.get(integration.connection_name)) },
    { name: "Health", class: "wide", cell: healthCell },
    { name: "Retrieve Jira Tickets", cell: ({ retrieve_jira_tickets: on }) => mark(on ? { word: "On", tone: "good" } : { word: "Off", tone: "off" }) },
    { name: "Last run", class: "run", cell: lastRun },
    { name: "Actions", quiet: true, class: "actions", cell: (integration) => integrationMenu(integration, sync) },
  ];
  return table({ caption: "Integrations", columns, rows, key: ({ connection_name: name }) => name });
}

function nameCell(integration, webhook) {
  const { connection_name: name } = integration;
  return element("div", {}, link(address(["integrations", name]), {}, name), element("span", { class: "aside" }, kind(integration)), webhook?.state === "live" ? element("span", { class: "under-status" }, mark(WEBHOOKS.live)) : null);
}

/** Healthy or not, why, since when; and a pause that Jira asked for. */
export function healthCell({ health, paused_until: paused }) {
  const well = health.status === "HEALTHY_INTEGRATION";
  return element(
    "div",
    {},
    mark(HEALTH[health.status]),
    well || !health.reason ? null : element("span", { class: "aside under-status" }, sentence(health.reason)),
    element("span", { class: "aside under-status" }, "Since ", moment(health.since)),
    paused ? element("span", { class: "aside under-status" }, "Paused by Jira until ", clock(paused)) : null,
  );
}

function lastRun({ connection_name: name, last_sync: run }) {
  if (run === null) return element("span", { class: "aside" }, "None yet");
  const when = element("span", { class: "aside" }, ago(run.completed_at ?? run.started_at));
  return element("div", {}, runProgress(run, `Retrieval of ${name}`), isGoing(run) ? null : when);
}
