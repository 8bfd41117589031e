// One integration: its health, its facts and all its runs.

import { getIntegration, getSummary, getWebhook, listRuns } from "../core/api.js";
import { button, element, link, outside, quoted, text, update } from "../core/dom.js";
import { rich, t } from "../core/language.js";
import { sentence } from "../core/problems.js";
import { address, openDialog } from "../core/router.js";
import { may } from "../core/session.js";
import { between, day, duration, figure, moment, zone } from "../core/times.js";
import { AUTH_TYPES, INSTALLATIONS, kind, onOff, RUN_STATES, TRIGGERS, UNKNOWN, WEBHOOKS } from "../core/words.js";
import { beginTest } from "../dialogs/test.js";
import { lengthBar } from "../parts/chart.js";
import { facts, heading } from "../parts/heading.js";
import { integrationMenu, syncNow } from "../parts/integration_actions.js";
import { listFoot, sizeOf } from "../parts/list_foot.js";
import { poll } from "../parts/polling.js";
import { isGoing, outcome, runProgress } from "../parts/progress.js";
import { empty, loading, notice, trouble } from "../parts/states.js";
import { mark } from "../parts/status.js";
import { table } from "../parts/table.js";
import { healthCell, MOVING_MS, STILL_MS } from "./integrations.js";
import { ticketsAddress } from "./overview.js";

/** Show the integration that the address names. */
export function showIntegration(place) {
  const [, name] = place.segments;
  const said = element("div", {});
  const body = element("div", {});
  const trail = [[t("nav.integrations"), address(["integrations"])]];
  const head = element("div", {}, heading({ trail, name }));
  place.root.replaceChildren(head, said, body);
  update(body, loading("integration"));

  const sync = () => syncNow(name, said, () => looking.again());
  const looking = poll(async () => {
    const [integration, webhook, summary, runs] = await Promise.all([
      getIntegration(name, place.signal),
      getWebhook(name, place.signal),
      getSummary(name, place.signal).catch(() => null),
      listRuns(name, { limit: sizeOf(place), next_token: place.query.after }, place.signal),
    ]);
    const beside = element("div", { class: "buttons" }, may("admin") ? button(t("integration.sync"), sync, { data: { key: "sync", shortcut: "refresh" } }) : null, integrationMenu(integration, sync));
    update(head, heading({ trail, name, aside: kind(integration), beside }));
    update(body, repair(integration), overview(integration, webhook), counts(name, summary), ...runsSection(runs, place));
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
  const ways = [button(t("menu.edit"), () => openDialog("edit", name), { data: { key: "repair" } }), button(t("menu.test"), () => { beginTest(); openDialog("test", name); }, { data: { key: "try" } })];
  return notice("bad", t("integration.broken"), quoted(sentence(health.reason ?? "")), element("div", { class: "buttons" }, ways));
}

/** Where its tickets stand, as bars whose lengths and words say the same. */
function counts(name, summary) {
  if (!summary || summary.tickets === undefined) return null;
  const unknown = Object.entries(summary.unknown ?? {}).filter(([, number]) => number > 0).map(([reason, number]) => ({ label: t("integration.unknown", { reason: UNKNOWN[reason] ?? reason }), number, tone: "unknown", to: ticketsAddress(name, reason) }));
  const known = summary.by_status.map(({ ticket_status: label, ticket_status_category: category, tickets: number }) => ({ label, number, tone: category ?? "undefined", to: ticketsAddress(name, "", label) }));
  const rows = [...known, ...unknown];
  const most = Math.max(1, ...rows.map(({ number }) => number));
  if (!rows.length) return null;
  return element("section", { class: "counts", "aria-label": t("integration.by_status") }, element("div", { class: "heading-line" }, element("h2", {}, t("integration.by_status")), link(ticketsAddress(name), {}, t("integration.all_tickets"))), rows.map(({ label, number, tone, to }) =>
    element("div", { class: "count" }, element("span", { class: "count-label" }, element("span", { class: `dot ${tone}` }), link(to, {}, text(label))), lengthBar(number / most, `pattern-${tone}`), element("span", { class: "number" }, figure(number))),
  ));
}

function overview(integration, webhook) {
  return facts([
    [t("webhook.name"), element("div", {}, mark(WEBHOOKS[webhook.state] ?? { word: webhook.state, tone: "off" }), webhook.state === "off" ? null : element("span", { class: "aside under-status" }, quoted(sentence(webhook.reason))))],
    [t("column.health"), healthCell(integration)],
    [t("column.retrieve"), mark(onOff(integration.retrieve_jira_tickets))],
    [t("integration.checked"), moment(integration.health.checked_at)],
    [t("integration.address"), outside(integration.jira_server_url, integration.jira_server_url)],
    [t("integration.installation"), INSTALLATIONS[integration.installation_type]],
    [t("integration.authentication"), AUTH_TYPES[integration.auth_type]],
    [t("integration.account"), integration.username ?? integration.client_id ?? integration.consumer_key],
    [t("integration.expires"), day(integration.credential_expires_at)],
    [t("column.created"), createdIn(integration)],
  ]);
}

function createdIn({ created_at: at, created_in_version: version }) {
  return version ? element("span", {}, rich("integration.created_in", { day: day(at), version })) : day(at);
}

function runsSection({ sync_runs: runs, next_token: next }, place) {
  const none = empty(t("integration.no_runs"), t("integration.no_runs_way"));
  return [
    element("h2", {}, t("integration.runs")),
    element("div", { class: "list" }, runs.length ? runTable(runs) : none, listFoot(place, { noun: "run", shown: runs.length, next })),
    zone(),
  ];
}

function runTable(runs) {
  const columns = [
    { name: t("column.started"), cell: ({ started_at: at }) => moment(at) },
    { name: t("column.why"), class: "brief", cell: ({ trigger }) => TRIGGERS[trigger] ?? trigger },
    { name: t("column.state"), class: "wide", cell: stateCell },
    { name: t("column.tickets"), class: "number", cell: ({ progress }) => figure(progress.tickets_total) },
    { name: t("column.became"), class: "wide", cell: (run) => (isGoing(run) ? "" : outcome(run)) },
    { name: t("column.requests"), class: "number", cell: ({ jira_requests: requests }) => figure(requests) },
    { name: t("column.took"), class: "number", cell: took },
  ];
  return table({ caption: t("integration.runs_caption"), columns, rows: runs, key: ({ run_id: id }) => id });
}

function stateCell(run) {
  if (isGoing(run)) return runProgress(run);
  return element("div", {}, mark(RUN_STATES[run.state]), run.error ? element("span", { class: "aside under-status" }, quoted(sentence(run.error))) : null);
}

function took({ started_at: from, completed_at: to }) {
  return to ? duration(between(from, to)) : "";
}
