// Overview: where the tickets stand, what is Unknown and how to mend it, each integration, and what the runs found.
//
// For each of the integrations on a page (50) it asks once for the summary, the webhook and the newest runs, six
// integrations at a time; afterwards only for the list, and for those that changed in it.

import { getSummary, getWebhook, listIntegrations, listRuns } from "../core/api.js";
import { button, element, link, text, update } from "../core/dom.js";
import { group, t } from "../core/language.js";
import { address, go, openDialog } from "../core/router.js";
import { may } from "../core/session.js";
import { byCategory, byDay, lastDays, total, unknownByReason } from "../core/standing.js";
import { ago, count, dayText, figure, share, zone } from "../core/times.js";
import { CATEGORIES, HEALTH, UNKNOWN, UNKNOWN_MEND, UNKNOWN_WHY } from "../core/words.js";
import { dayChart, shareBar, swatch } from "../parts/chart.js";
import { heading } from "../parts/heading.js";
import { listFoot } from "../parts/list_foot.js";
import { poll } from "../parts/polling.js";
import { isGoing } from "../parts/progress.js";
import { sorting } from "../parts/sorting.js";
import { empty, loading, trouble } from "../parts/states.js";
import { mark } from "../parts/status.js";
import { table } from "../parts/table.js";
import { troublesOf } from "../parts/troubles.js";

const PAGE = 50;
const AT_ONCE = 6;
const LARGEST_PAGE = 100;
const MOST_RUN_PAGES = 5;
const PERIODS = [7, 30, 90]; // days; runs are kept for 90
const USUAL_PERIOD = 30;
const MOVING_MS = 3000;
const STILL_MS = 30_000;
const QUIET_MS = 300_000; // numbers move a little without a run: by the button, by webhooks
const DAY_MS = 86_400_000;
const PARTS = ["new", "indeterminate", "done", "undefined", "unknown"];
const RUN_STATES = { succeeded: "pattern-succeeded", failed: "pattern-failed", cancelled: "pattern-cancelled" };
const FINDINGS = { changed: "pattern-changed", deleted: "pattern-deleted", inaccessible: "pattern-inaccessible", failed: "pattern-failed" };
const PART_WORDS = { ...CATEGORIES, ...group("category_other"), unknown: t("unknown.name"), outside: t("overview.older") };

/** Show the overview. */
export function showOverview(place) {
  const banners = element("div", { class: "stack" });
  const body = element("div", { class: "overview" });
  const known = new Map();
  let next = null;
  place.root.replaceChildren(heading({ name: t("nav.overview"), aside: t("overview.aside") }), banners, body);
  update(body, loading("numbers"));

  const sort = sorting(place, () => show());
  const show = () => {
    const standings = [...known.values()];
    update(banners, standings.flatMap(({ integration, webhook }) => troublesOf(integration, webhook)));
    update(body, standings.length ? sections(place, standings, next, sort) : none());
  };

  const looking = poll(async () => {
    const answer = await listIntegrations({ limit: PAGE, next_token: place.query.after }, place.signal);
    next = answer.next_token;
    const first = known.size === 0;
    if (first) update(banners, answer.integrations.flatMap((integration) => troublesOf(integration)));
    await bring(known, answer.integrations.toSorted(byName), periodOf(place), place.signal);
    show();
    if (first) place.ready();
    return answer.integrations.some(({ last_sync: run }) => isGoing(run)) ? MOVING_MS : STILL_MS;
  }, (error) => {
    update(body, trouble(error, () => looking.again()));
    return null;
  }, place.signal);
  addEventListener("dialog-closed", () => looking.again(), { signal: place.signal });
}

function none() {
  const add = may("admin") ? button(t("integrations.add"), () => openDialog("create", "new"), { class: "primary", data: { key: "create" } }) : "";
  return empty(t("overview.none_title"), t("overview.none"), add);
}

function byName(one, other) {
  return one.connection_name.localeCompare(other.connection_name);
}

function periodOf({ query }) {
  const days = Number(query.days);
  return PERIODS.includes(days) ? days : USUAL_PERIOD;
}

// ---- What is asked ----

/** Bring what is known of these integrations up to date, a few at a time; only what may have changed is asked for. */
async function bring(known, integrations, days, signal) {
  const names = new Set(integrations.map(({ connection_name: name }) => name));
  for (const name of known.keys()) if (!names.has(name)) known.delete(name);
  const waiting = integrations.filter((integration) => isStale(known.get(integration.connection_name), integration));
  const work = async () => {
    for (let one = waiting.shift(); one; one = waiting.shift()) known.set(one.connection_name, await standing(one, days, signal));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

function isStale(standing, integration) {
  return !standing || standing.state !== stateOf(integration) || Date.now() > standing.asked + QUIET_MS;
}

function stateOf({ health, paused_until: paused, retrieve_jira_tickets: on, last_sync: run }) {
  return JSON.stringify([health.status, health.since, health.warnings, paused, on, run?.run_id, run?.state]);
}

async function standing(integration, days, signal) {
  const name = integration.connection_name;
  const orNothing = (error) => {
    if (signal.aborted) throw error;
    return null; // one that cannot be read does not hide the others
  };
  const [summary, webhook, runs] = await Promise.all([
    getSummary(name, signal).catch(orNothing),
    getWebhook(name, signal).catch(orNothing),
    runsSince(name, new Date(Date.now() - days * DAY_MS), signal).catch(orNothing),
  ]);
  return { name, integration, summary, webhook, ...(runs ?? { runs: [], cut: null }), state: stateOf(integration), asked: Date.now() };
}

/** The runs since then; `cut` is when the oldest began, if there were more than the page reads. */
async function runsSince(name, since, signal) {
  const runs = [];
  let after;
  for (let page = 0; page < MOST_RUN_PAGES; page += 1) {
    const answer = await listRuns(name, { limit: LARGEST_PAGE, next_token: after }, signal);
    runs.push(...answer.sync_runs);
    after = answer.next_token;
    if (!after || new Date(runs.at(-1).started_at) < since) return { runs, cut: null };
  }
  return { runs, cut: runs.at(-1).started_at };
}

// ---- What is shown ----

function sections(place, standings, next, sort) {
  return [
    tickets(standings, Boolean(next || place.query.after)),
    unknown(standings),
    integrations(place, standings, next, sort),
    overTime(place, standings),
    zone(),
  ];
}

function section(title, ...content) {
  return element("section", { "aria-label": title }, element("h2", {}, title), ...content);
}

/** The totals, as tiles, and as one bar. */
function tickets(standings, isPage) {
  const sums = total(standings);
  const within = PARTS.reduce((sum, part) => sum + sums[part], 0);
  const shown = PARTS.filter((part) => part !== "undefined" || sums.undefined > 0);
  const over = count("integration", standings.length);
  const bar = shown.map((part) => ({ label: PART_WORDS[part], number: sums[part], pattern: `pattern-${part}` }));
  const shares = bar.map(({ label, number }) => `${label} ${share(number, within)}`).join(", ");
  return section(
    t("overview.tickets"),
    element("p", { class: "aside" }, isPage ? t("overview.of_page", { integrations: over }) : t("overview.of", { integrations: over })),
    element("dl", { class: "tiles" }, shown.map((part) => tile(part, sums[part], part === "unknown" && sums.unknown ? t("overview.unknown_hint") : share(sums[part], within))), tile("outside", sums.outside, t("overview.older_hint"))),
    within ? shareBar(t("overview.shares", { shares }), bar) : null,
  );
}

function tile(part, number, hint) {
  return element("div", { class: `tile ${part}` }, element("dt", {}, swatch(`pattern-${part}`), PART_WORDS[part]), element("dd", {}, element("span", { class: "tile-number" }, figure(number)), element("span", { class: "aside" }, hint)));
}

/** Unknown by reason: what it means, what to do, and where. */
function unknown(standings) {
  const reasons = unknownByReason(standings);
  const columns = [
    { name: t("overview.reason"), class: "wide reason", cell: ({ reason }) => element("div", {}, UNKNOWN[reason] ?? reason, element("span", { class: "aside" }, UNKNOWN_WHY[reason])) },
    { name: t("column.tickets"), class: "number", cell: ({ tickets: number }) => figure(number) },
    { name: t("overview.mend"), class: "wide", cell: ({ reason }) => UNKNOWN_MEND[reason] },
    { name: t("overview.where"), class: "wide where", cell: where },
  ];
  const list = table({ caption: t("overview.unknown_caption"), columns, rows: reasons, key: ({ reason }) => reason });
  return section(t("overview.unknown"), reasons.length ? list : element("p", { class: "aside" }, t("overview.unknown_none")));
}

function where({ reason, integrations: list }) {
  const again = may("admin") && ["DELETED", "INACCESSIBLE"].includes(reason);
  return element("ul", { class: "plain" }, list.map(({ name, tickets: number }) =>
    element(
      "li",
      {},
      link(ticketsAddress(name, reason), {}, text(name)),
      ` (${figure(number)})`,
      again ? element("div", {}, button(t("recheck.start"), () => openDialog("recheck", name), { class: "as-link", "aria-label": t("overview.look_again", { name }), data: { key: `recheck ${reason} ${name}` } })) : null,
    ),
  ));
}

/** The address of an integration's tickets, narrowed. */
export function ticketsAddress(name, filter, status) {
  return address(["integrations", name, "tickets"], { filter, status });
}

function integrations(place, standings, next, sort) {
  const rows = standings.map((one) => ({ ...one, sums: one.summary && byCategory(one.summary) }));
  const numbers = [["new"], ["indeterminate"], ["done"], ["unknown"], ["outside", "outside_window"]];
  const columns = [
    { id: "name", name: t("column.integration"), class: "named", by: ({ name }) => name, cell: ({ name }) => link(address(["integrations", name]), {}, text(name)) },
    { id: "health", name: t("column.health"), by: ({ integration }) => integration.health.status, cell: healthOf },
    ...numbers.map(([part, filter = part]) => ({ id: part, name: PART_WORDS[part], class: "number", by: ({ sums }) => sums?.[part] ?? 0, cell: (row) => number(row, part, filter) })),
    { name: t("overview.counted"), class: "when", cell: ({ summary }) => (summary ? ago(summary.as_of) : t("overview.uncounted")) },
  ];
  const order = sort.said(columns, Boolean(next || place.query.after));
  return section(
    t("overview.by_integration"),
    element("div", { class: "list" }, table({ caption: t("overview.by_integration"), columns, rows, key: ({ name }) => name, sort }), listFoot(place, { noun: "integration", shown: rows.length, next, order, sized: false })),
  );
}

function healthOf({ integration: { health, retrieve_jira_tickets: on } }) {
  return element("div", {}, mark(HEALTH[health.status]), on ? null : element("span", { class: "aside under-status" }, t("overview.counted_off")));
}

function number({ name, sums }, part, filter) {
  if (!sums) return "";
  const shown = part === "unknown" || !sums[part] ? figure(sums[part]) : link(ticketsAddress(name, filter), {}, figure(sums[part]));
  return shown;
}

/** What the runs found and how they went, day by day. */
function overTime(place, standings) {
  const days = byDay(standings.flatMap(({ runs }) => runs), lastDays(periodOf(place), new Date()));
  const sum = (of) => days.reduce((all, one) => all + of(one), 0);
  const runs = sum((one) => one.runs);
  const words = { changed: sum((one) => one.changed), deleted: sum((one) => one.deleted), inaccessible: sum((one) => one.inaccessible), failed: sum((one) => one.failed) };
  const found = Object.values(words).some((value) => value > 0);
  const summary = found ? t("overview.changes_sum", { ...words, runs: count("run", runs) }) : t("overview.changes_none");
  const went = runs ? t("overview.runs_sum", { succeeded: sum((one) => one.states.succeeded), runs: count("run", runs) }) : t("overview.runs_none");
  const findings = series("series", FINDINGS, (part) => (one) => one[part]);
  const states = series("run_series", RUN_STATES, (state) => (one) => one.states[state]);
  return section(
    t("overview.over_time"),
    periods(place),
    element("div", { class: "charts" }, dayChart({ title: t("overview.changes"), summary, series: findings, days }), dayChart({ title: t("overview.runs"), summary: went, series: states, days })),
    element("details", { data: { key: "days" } }, element("summary", {}, t("overview.table")), dayTable(days.filter((one) => one.runs), findings, states)),
    standings.filter(({ cut }) => cut).map((one) => element("p", { class: "aside" }, t("overview.cut", { name: one.name, runs: count("run", one.runs.length), day: dayText(new Date(one.cut)) }))),
    element("p", { class: "aside" }, t("overview.kept")),
  );
}

function series(name, patterns, of) {
  const labels = group(name);
  return Object.entries(patterns).map(([part, pattern]) => ({ label: labels[part], pattern, of: of(part) }));
}

function periods(place) {
  const current = periodOf(place);
  const choose = (days) => go(address(place.segments, { ...place.query, days: days === USUAL_PERIOD ? "" : days }));
  return element("div", { class: "segments", role: "group", "aria-label": t("overview.period") }, PERIODS.map((days) => button(t("overview.days", { n: days }), () => choose(days), { "aria-pressed": String(days === current) })));
}

function dayTable(days, findings, states) {
  const columns = [
    { name: t("overview.day"), cell: ({ day }) => dayText(day) },
    ...states.map(({ label, of }) => ({ name: t("overview.runs_of", { state: label }), class: "number", cell: (one) => figure(of(one)) })),
    ...findings.map(({ label, of }) => ({ name: label, class: "number", cell: (one) => figure(of(one)) })),
  ];
  return table({ caption: t("overview.table"), columns, rows: days.toReversed(), key: ({ day }) => day.toISOString() });
}
