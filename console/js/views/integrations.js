// Integrations: whether each works, what its last run did, and the menu of what can be done.

import { listIntegrations } from "../core/api.js";
import { button, element, link, quoted, text, update } from "../core/dom.js";
import { rich, t } from "../core/language.js";
import { address, openDialog } from "../core/router.js";
import { may } from "../core/session.js";
import { ago, clock, moment } from "../core/times.js";
import { HEALTH, kind, onOff, WEBHOOKS } from "../core/words.js";
import { sentence } from "../core/problems.js";
import { heading } from "../parts/heading.js";
import { integrationMenu, syncNow } from "../parts/integration_actions.js";
import { listFoot, sizeOf } from "../parts/list_foot.js";
import { poll } from "../parts/polling.js";
import { isGoing, runProgress } from "../parts/progress.js";
import { sorting } from "../parts/sorting.js";
import { empty, loading, trouble } from "../parts/states.js";
import { mark } from "../parts/status.js";
import { table } from "../parts/table.js";
import { webhooksOf } from "../parts/webhooks.js";

export const MOVING_MS = 1000;
export const STILL_MS = 15_000;
const WEBHOOKS_MS = 60_000;
const COLUMNS = [
  { id: "name", name: t("column.integration"), class: "named", by: ({ connection_name: name }) => name },
  { id: "health", name: t("column.health"), class: "wide", by: ({ health }) => health.status, cell: healthCell },
  { id: "retrieve", name: t("column.retrieve"), by: ({ retrieve_jira_tickets: on }) => Number(on), cell: ({ retrieve_jira_tickets: on }) => mark(onOff(on)) },
  { id: "run", name: t("column.last_run"), class: "run", by: ({ last_sync: run }) => run?.completed_at ?? run?.started_at, cell: lastRun },
];

/** Show the list; it moves while a run goes on. */
export function showIntegrations(place) {
  const said = element("div", {});
  const body = element("div", { class: "list" });
  place.root.replaceChildren(heading({ name: t("nav.integrations"), aside: t("integrations.aside"), beside: may("admin") ? button(t("integrations.add"), () => openDialog("create", "new"), { class: "primary", data: { key: "create" } }) : null }), said, body);
  update(body, loading("integrations"));
  let webhooks = new Map();
  let asked = -Infinity;
  let rows = [];
  let next;
  const sync = (name) => syncNow(name, said, () => looking.again());
  const sort = sorting(place, () => show());
  const show = () => {
    const order = sort.said(COLUMNS, Boolean(next || place.query.after));
    update(body, rows.length ? integrationTable(rows, webhooks, sync, sort) : none(), listFoot(place, { noun: "integration", shown: rows.length, next, order }));
  };

  const looking = poll(async () => {
    const answer = await listIntegrations({ limit: sizeOf(place), next_token: place.query.after }, place.signal);
    rows = answer.integrations.toSorted((one, other) => one.connection_name.localeCompare(other.connection_name));
    next = answer.next_token;
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
  return empty(t("integrations.none_title"), t("integrations.none"));
}

function integrationTable(rows, webhooks, sync, sort) {
  const named = { ...COLUMNS[0], cell: (integration) => nameCell(integration, webhooks.get(integration.connection_name)) };
  const actions = { name: t("column.actions"), quiet: true, class: "actions", cell: (integration) => integrationMenu(integration, sync) };
  return table({ caption: t("nav.integrations"), columns: [named, ...COLUMNS.slice(1), actions], rows, key: ({ connection_name: name }) => name, sort });
}

function nameCell(integration, webhook) {
  const { connection_name: name } = integration;
  return element("div", {}, link(address(["integrations", name]), {}, text(name)), element("span", { class: "aside" }, kind(integration)), webhook?.state === "live" ? element("span", { class: "under-status" }, mark(WEBHOOKS.live)) : null);
}

/** Healthy or not, why, since when; and a pause that Jira asked for. */
export function healthCell({ health, paused_until: paused }) {
  const well = health.status === "HEALTHY_INTEGRATION";
  return element(
    "div",
    {},
    mark(HEALTH[health.status]),
    well || !health.reason ? null : element("span", { class: "aside under-status" }, quoted(sentence(health.reason))),
    element("span", { class: "aside under-status" }, rich("integrations.since", { moment: moment(health.since) })),
    paused ? element("span", { class: "aside under-status" }, rich("integrations.paused", { time: clock(paused) })) : null,
  );
}

function lastRun({ connection_name: name, last_sync: run }) {
  if (run === null) return element("span", { class: "aside" }, t("integrations.no_run"));
  const when = element("span", { class: "aside" }, ago(run.completed_at ?? run.started_at));
  return element("div", {}, runProgress(run, t("integrations.retrieval", { name })), isGoing(run) ? null : when);
}
