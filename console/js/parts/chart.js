// Charts of stacked bars. Each part has a pattern beside its colour (index.html has them), so that they read without
// colour and in print; what they show is written below them as a table.

import { element } from "../core/dom.js";
import { drawing } from "../core/icons.js";
import { roundAbove } from "../core/standing.js";
import { briefDay, figure } from "../core/times.js";

const HEIGHT = 140;
const LABELS = 4;

/**
 * Bars for days. `series`: [{label, pattern, of(day)}], the first at the bottom; `days`: [{day: Date, …}];
 * `summary` says in a sentence what is seen.
 */
export function dayChart({ title, summary, series, days }) {
  const top = roundAbove(Math.max(1, ...days.map((one) => series.reduce((sum, { of }) => sum + of(one), 0))));
  const bars = days.flatMap((one, place) => stack(one, place, days.length, series, top));
  const lines = [0, 0.5, 1].map((part) => drawing("line", { x1: "0%", x2: "100%", y1: part * HEIGHT, y2: part * HEIGHT, class: "grid" }));
  const plot = drawing("svg", { height: HEIGHT, width: "100%", "aria-hidden": "true", class: "plot" }, ...lines, ...bars);
  return element(
    "figure",
    { class: "chart" },
    element("figcaption", {}, element("h3", {}, title), element("p", { class: "aside" }, summary)),
    element("div", { class: "chart-body" }, element("div", { class: "axis", "aria-hidden": "true" }, [top, top / 2, 0].map((value) => element("span", {}, Number.isInteger(value) ? figure(value) : ""))), plot, element("div", { class: "axis-days", "aria-hidden": "true" }, dayLabels(days))),
    legend(series),
  );
}

/** The bar of one day: a part for each series that has something, never thinner than can be seen. */
function stack(one, place, number, series, top) {
  const width = 100 / number;
  let foot = HEIGHT;
  return series.filter(({ of }) => of(one) > 0).map(({ label, pattern, of }) => {
    const height = Math.max(2, (of(one) / top) * (HEIGHT - 4));
    foot -= height;
    const title = drawing("title", {}, `${briefDay(one.day)}: ${label} ${figure(of(one))}`);
    return drawing("rect", { x: `${(place + 0.14) * width}%`, width: `${width * 0.72}%`, y: foot, height, fill: `url(#${pattern})`, class: `part ${pattern}` }, title);
  });
}

function dayLabels(days) {
  const step = Math.max(1, (days.length - 1) / (LABELS - 1));
  const places = new Set(Array.from({ length: Math.min(LABELS, days.length) }, (_, label) => Math.round(label * step)));
  return [...places].map((place) => element("span", {}, briefDay(days[place].day)));
}

function legend(series) {
  return element("ul", { class: "legend", "aria-hidden": "true" }, series.map(({ label, pattern }) => element("li", {}, swatch(pattern), label)));
}

/** A square with a pattern. */
export function swatch(pattern) {
  return drawing("svg", { width: 14, height: 14, "aria-hidden": "true", class: "swatch" }, drawing("rect", { width: "100%", height: "100%", fill: `url(#${pattern})`, class: `part ${pattern}` }));
}

/** A bar of this part of the longest one. The number stands beside it. */
export function lengthBar(part, pattern) {
  const bar = drawing("rect", { width: `${Math.max(0.5, part * 100)}%`, height: "100%", fill: `url(#${pattern})`, class: `part ${pattern}` });
  return drawing("svg", { class: "length", width: "100%", height: 14, "aria-hidden": "true" }, bar);
}

/** One bar of parts of a whole: [{label, number, pattern}]. The numbers stand beside it. */
export function shareBar(label, parts) {
  const whole = parts.reduce((sum, { number }) => sum + number, 0);
  let start = 0;
  const pieces = parts.filter(({ number }) => number > 0).map(({ number, pattern }) => {
    const width = (number / whole) * 100;
    const piece = drawing("rect", { x: `${start}%`, width: `${width}%`, height: "100%", fill: `url(#${pattern})`, class: `part ${pattern}` });
    start += width;
    return piece;
  });
  return drawing("svg", { class: "share", role: "img", "aria-label": label, width: "100%", height: 18 }, ...pieces);
}
