// Overview: where the tickets stand, what is Unknown and how to mend it, each integration, and what the runs found.

import { listIntegrations } from "../core/api.js";
import { button, element, link, text, update } from "../core/dom.js";
import { group, t } from "../core/language.js";
import { address, openDialog } from "../core/router.js";
import { may } from "../core/session.js";
import { byCategory, total, unknownByReason } from "../core/standing.js";
import { ago, count, figure, share, zone } from "../core/times.js";
import { CATEGORIES, HEALTH, UNKNOWN, UNKNOWN_MEND, UNKNOWN_WHY } from "../core/words.js";
import { shareBar, swatch } from "../parts/chart.js";
import { heading } from "../parts/heading.js";
import { listFoot } from "../parts/list_foot.js";
import { overTime, periodOf } from "../parts/over_time.js";
import { poll } from "../parts/polling.js";
import { isGoing } from "../parts/progress.js";
import { sorting } from "../parts/sorting.js";
import { bring } from "../parts/standings.js";
import { empty, loading, trouble } from "../parts/states.js";
import { mark } from "../parts/status.js";
import { table } from "../parts/table.js";
import { troublesOf } from "../parts/troubles.js";

const PAGE = 50;
const MOVING_MS = 3000;
const STILL_MS = 30_000;
const PARTS = ["new", "indeterminate", "done", "undefined", "unknown"];
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
    const standings = [...known.values()].toSorted((one, other) => one.name.localeCompare(other.name));
    update(banners, standings.flatMap(({ integration, webhook }) => troublesOf(integration, webhook)));
    update(body, standings.length ? sections(place, standings, next, sort) : none());
  };

  const looking = poll(async () => {
    const answer = await listIntegrations({ limit: PAGE, next_token: place.query.after }, place.signal);
    next = answer.next_token;
    const first = known.size === 0;
    if (first) update(banners, answer.integrations.flatMap((integration) => troublesOf(integration)));
    await bring(known, answer.integrations, periodOf(place), place.signal);
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

function sections(place, standings, next, sort) {
  return [
    tickets(standings, Boolean(next || place.query.after)),
    unknown(standings),
    integrations(place, standings, next, sort),
    section(t("overview.over_time"), ...overTime(place, standings)),
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
  // The API has no filter for all that is Unknown; the reasons above have one each.
  return part === "unknown" || !sums[part] ? figure(sums[part]) : link(ticketsAddress(name, filter), {}, figure(sums[part]));
}
