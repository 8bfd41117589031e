// One integration: its health, its facts and all its runs.

import { getIntegration, getSummary, getWebhook, listRuns } from "../core/api.js";
import { button, element, outside, text, update } from "../core/dom.js";
import { sentence } from "../core/problems.js";
import { address, openDialog } from "../core/router.js";
import { may } from "../core/session.js";
import { between, day, duration, figure, moment, TIME_ZONE } from "../core/times.js";
import { AUTH_TYPES, INSTALLATIONS, kind, RUN_STATES, TRIGGERS, UNKNOWN, WEBHOOKS } from "../core/words.js";
import { beginTest } from "../dialogs/test.js";
import { facts, heading } from "../parts/heading.js";
import { integrationMenu, syncNow } from "../parts/integration_actions.js";
import { pager } from "../parts/pager.js";
import { poll } from "../parts/polling.js";
import { isGoing, outcome, runProgress } from "../parts/progress.js";
import { empty, loading, notice, trouble } from "../parts/states.js";
import { mark } from "../parts/status.js";
import { table } from "../parts/table.js";
import { healthCell, MOVING_MS, STILL_MS } from "./integrations.js";

const PAGE = 20;

/** Show the integration that the address names. */
export function showIntegration(place) {
  const [, name] = place.segments;
  const said = element("div", {});
  const body = element("div", {});
  const trail = [["Integrations", address(["integrations"])]];
  const head = element("div", {}, heading({ trail, name }));
  place.root.replaceChildren(head, said, body);
  update(body, loading("the integration"));

  const sync = () => syncNow(name, said, () => looking.again());
  const looking = poll(async () => {
    const [integration, webhook, summary, runs] = await Promise.all([
      getIntegration(name, place.signal),
      getWebhook(name, place.signal),
      getSummary(name, place.signal).catch(() => null),
      listRuns(name, { limit: PAGE, next_token: place.query.after }, place.signal),
    ]);
    const beside = element("div", { class: "buttons" }, may("admin") ? button("Sync now", sync, { data: { key: "sync" } }) : null, integrationMenu(integration, sync));
    update(head, heading({ trail, name, aside: kind(integration), beside }));
    update(body, repair(integration), overview(integration, webhook), counts(summary), ...runsSection(runs, place));
    place.ready();
    return isGoing(integration.last_sync) ? MOVING_MS : STILL_MS;
  }, (error) => {
    update(body, trouble(error, () => looking.again()));
    return null;
  }, place.signal);
  addEventListener("dialog-closed", () => looking.again(), { signal: place.signal });
}

/** What is wrong comes first, with the way to mend it. */
function repair({ connection_name: name, health }) {
  if (health.status !== "FAULTY_CONFIGURATION" || !may("admin")) return null;
  const ways = [button("Edit Integration", () => openDialog("edit", name), { data: { key: "repair" } }), button("Test Integration", () => { beginTest(); openDialog("test", name); }, { data: { key: "try" } })];
  return notice("bad", "The integration is broken: its tickets show Unknown", sentence(health.reason ?? ""), element("div", { class: "buttons" }, ways));
}

/** Where its tickets stand, as bars whose lengths and words say the same. */
function counts(summary) {
  if (!summary || summary.tickets === undefined) return null;
  const unknown = Object.entries(summary.unknown ?? {}).filter(([, number]) => number > 0).map(([reason, number]) => ({ label: `Unknown: ${UNKNOWN[reason]?.[0] ?? reason}`, number, tone: "unknown" }));
  const known = summary.by_status.map(({ ticket_status: label, ticket_status_category: category, tickets: number }) => ({ label, number, tone: category ?? "undefined" }));
  const rows = [...known, ...unknown];
  const most = Math.max(1, ...rows.map(({ number }) => number));
  if (!rows.length) return null;
  return element("section", { class: "counts", "aria-label": "Tickets by status" }, element("h2", {}, "Tickets by status"), rows.map(({ label, number, tone }) =>
    element("div", { class: "count" }, element("span", { class: "count-label" }, element("span", { class: `dot ${tone}` }), text(label)), element("meter", { class: tone, min: 0, max: most, value: number, "aria-label": label }), element("span", { class: "number" }, figure(number))),
  ));
}

function overview(integration, webhook) {
  return facts([
    ["Webhook", element("div", {}, mark(WEBHOOKS[webhook.state] ?? { word: webhook.state, tone: "off" }), webhook.state === "off" ? null : element("span", { class: "aside under-status" }, sentence(webhook.reason)))],
    ["Health", healthCell(integration)],
    ["Retrieve Jira Tickets", mark(integration.retrieve_jira_tickets ? { word: "On", tone: "good" } : { word: "Off", tone: "off" })],
    ["Checked", moment(integration.health.checked_at)],
    ["Address", outside(integration.jira_server_url, integration.jira_server_url)],
    ["Installation", INSTALLATIONS[integration.installation_type]],
    ["Authentication", AUTH_TYPES[integration.auth_type]],
    ["Account", integration.username ?? integration.client_id ?? integration.consumer_key],
    ["Created", createdIn(integration)],
  ]);
}

function createdIn({ created_at: at, created_in_version: version }) {
  return element("span", {}, day(at), version ? ` in version ${version}` : "");
}

function runsSection({ sync_runs: runs, next_token: next }, place) {
  const none = empty("No runs yet", "All tickets are retrieved every 8 hours. Sync now starts a run at once.");
  return [
    element("h2", {}, "Runs"),
    element("div", { class: "list" }, runs.length ? runTable(runs) : none, pager(place, next)),
    element("p", { class: "aside zone" }, `Times are in your time zone, ${TIME_ZONE}.`),
  ];
}

function runTable(runs) {
  const columns = [
    { name: "Started", cell: ({ started_at: at }) => moment(at) },
    { name: "Why", cell: ({ trigger }) => TRIGGERS[trigger] ?? trigger },
    { name: "State", class: "wide", cell: stateCell },
    { name: "Tickets", class: "number", cell: ({ progress }) => figure(progress.tickets_total) },
    { name: "What became of them", class: "wide", cell: (run) => (isGoing(run) ? "" : outcome(run)) },
    { name: "Requests", class: "number", cell: ({ jira_requests: requests }) => figure(requests) },
    { name: "Took", class: "number", cell: took },
  ];
  return table({ caption: "Runs, newest first", columns, rows: runs, key: ({ run_id: id }) => id });
}

function stateCell(run) {
  if (isGoing(run)) return runProgress(run);
  return element("div", {}, mark(RUN_STATES[run.state]), run.error ? element("span", { class: "aside under-status" }, sentence(run.error)) : null);
}

function took({ started_at: from, completed_at: to }) {
  return to ? duration(between(from, to)) : "";
}
