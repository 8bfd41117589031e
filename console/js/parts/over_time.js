// What the runs of integrations counted and found, and how they went, day by day: as charts, and as a table.

import { button, element } from "../core/dom.js";
import { group, t } from "../core/language.js";
import { address, go } from "../core/router.js";
import { byDay, categoriesByDay, lastDays } from "../core/standing.js";
import { count, dayText, figure } from "../core/times.js";
import { dayChart } from "./chart.js";
import { table } from "./table.js";

const RUN_STATES = { succeeded: "pattern-succeeded", failed: "pattern-failed", cancelled: "pattern-cancelled" };
const FINDINGS = { changed: "pattern-changed", deleted: "pattern-deleted", inaccessible: "pattern-inaccessible", failed: "pattern-failed" };
const CATEGORIES_SHOWN = { new: "pattern-new", indeterminate: "pattern-indeterminate", done: "pattern-done", undefined: "pattern-undefined", inaccessible: "pattern-unknown" };
const PERIODS = [7, 30, 90]; // days; runs are kept for 90
const USUAL_PERIOD = 30;

/** How many days the address asks for. */
export function periodOf({ query }) {
  const days = Number(query.days);
  return PERIODS.includes(days) ? days : USUAL_PERIOD;
}

/** The content of the section, for standings as `bring` gathers them. */
export function overTime(place, standings) {
  const dates = lastDays(periodOf(place), new Date());
  const showed = categoriesByDay(standings, dates);
  const days = byDay(standings.flatMap(({ runs }) => runs), dates).map((one, at) => ({ ...one, showed: showed[at] }));
  const sum = (of) => days.reduce((all, one) => all + of(one), 0);
  const runs = sum((one) => one.runs);
  const words = { changed: sum((one) => one.changed), deleted: sum((one) => one.deleted), inaccessible: sum((one) => one.inaccessible), failed: sum((one) => one.failed) };
  const found = Object.values(words).some((value) => value > 0);
  const summary = found ? t("overview.changes_sum", { ...words, runs: count("run", runs) }) : t("overview.changes_none");
  const went = runs ? t("overview.runs_sum", { succeeded: sum((one) => one.states.succeeded), runs: count("run", runs) }) : t("overview.runs_none");
  const labels = { ...group("category"), ...group("category_other"), inaccessible: t("series.inaccessible") };
  const categories = series(labels, CATEGORIES_SHOWN, (part) => (one) => one.showed[part]).filter(({ of }, at) => at < 3 || sum(of) > 0);
  const findings = series(group("series"), FINDINGS, (part) => (one) => one[part]);
  const states = series(group("run_series"), RUN_STATES, (state) => (one) => one.states[state]);
  return [
    periods(place),
    dayChart({ title: t("overview.categories"), summary: t("overview.categories_how"), series: categories, days }),
    element("div", { class: "charts" }, dayChart({ title: t("overview.changes"), summary, series: findings, days }), dayChart({ title: t("overview.runs"), summary: went, series: states, days })),
    element("details", { data: { key: "days" } }, element("summary", {}, t("overview.table")), dayTable(days.filter((one) => one.runs), findings, states, categories)),
    standings.filter(({ cut }) => cut).map((one) => element("p", { class: "aside" }, t("overview.cut", { name: one.name, runs: count("run", one.runs.length), day: dayText(new Date(one.cut)) }))),
    element("p", { class: "aside" }, t("overview.kept")),
  ];
}

function series(labels, patterns, of) {
  return Object.entries(patterns).map(([part, pattern]) => ({ label: labels[part], pattern, of: of(part) }));
}

function periods(place) {
  const current = periodOf(place);
  const choose = (days) => go(address(place.segments, { ...place.query, days: days === USUAL_PERIOD ? "" : days }));
  return element("div", { class: "segments", role: "group", "aria-label": t("overview.period") }, PERIODS.map((days) => button(t("overview.days", { n: days }), () => choose(days), { "aria-pressed": String(days === current) })));
}

function dayTable(days, findings, states, categories) {
  const columns = [
    { name: t("overview.day"), cell: ({ day }) => dayText(day) },
    ...states.map(({ label, of }) => ({ name: t("overview.runs_of", { state: label }), class: "number", cell: (one) => figure(of(one)) })),
    ...[...findings, ...categories].map(({ label, of }) => ({ name: label, class: "number", cell: (one) => figure(of(one)) })),
  ];
  return table({ caption: t("overview.table"), columns, rows: days.toReversed(), key: ({ day }) => day.toISOString() });
}
