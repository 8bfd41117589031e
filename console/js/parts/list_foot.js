// Below a list: how much of it is shown, in which order, the size of a page, and the ways to the others. The API gives
// the way forward only; the way back, and how many rows come before, is what we came along.

import { button, element } from "../core/dom.js";
import { t } from "../core/language.js";
import { address, go } from "../core/router.js";
import { count, figure } from "../core/times.js";

const SIZES = [25, 50, 100];
const USUAL_SIZE = 50;
const before = new Map(); // by the token of a page: the token of the page before it, and the rows before it

/** How many rows a page of this address has. */
export function sizeOf({ query }) {
  const size = Number(query.size);
  return SIZES.includes(size) ? size : USUAL_SIZE;
}

/** `noun`: what the rows are (`violation`, say); `total`: how many there are over all pages, where that is known. */
export function listFoot(place, { noun, shown, next, total, order, sized = true }) {
  const many = next || place.query.after || shown > SIZES[0];
  return element(
    "div",
    { class: "list-foot", data: { key: `foot ${next ?? ""}` } },
    element("p", { class: "aside", role: "status" }, extent(place, noun, shown, next, total), order ? ` ${order}` : null),
    many && sized ? sizes(place) : null,
    pages(place, shown, next),
  );
}

function extent({ query }, noun, shown, next, total) {
  const rows = count(noun, shown);
  const start = query.after ? before.get(query.after)?.rows : 0;
  if (start === undefined) return next ? t("list.more", { shown: rows }) : t("list.last", { shown: rows });
  const [from, to] = [figure(start + 1), figure(start + shown)];
  if (total !== undefined && shown && start + shown <= total) return t("list.of", { from, to, total: count(noun, total) });
  if (start === 0 || !shown) return next ? t("list.more", { shown: rows }) : t(start ? "list.last" : "list.all", { shown: rows });
  return next ? t("list.range_more", { from, to }) : t("list.range", { from, to });
}

function sizes(place) {
  const choose = (event) => go(address(place.segments, { ...place.query, size: event.target.value, after: "" }));
  const options = SIZES.map((size) => element("option", { value: size, selected: size === sizeOf(place) }, String(size)));
  return element("div", { class: "choose" }, element("label", { for: "size" }, t("list.size")), element("select", { id: "size", on: { change: choose } }, options));
}

function pages({ segments, query }, shown, next) {
  const here = query.after ?? "";
  if (!here && !next) return null;
  const to = (after) => go(address(segments, { ...query, after }));
  const forward = () => {
    const start = here ? before.get(here)?.rows : 0;
    before.set(next, { token: here, rows: start === undefined ? undefined : start + shown });
    to(next);
  };
  return element(
    "nav",
    { class: "pager", "aria-label": t("list.pages") },
    button(t("list.first"), () => to(""), { disabled: !here }),
    button(t("list.previous"), () => to(before.get(here).token), { disabled: !before.has(here), data: { shortcut: "previous" } }),
    button(t("list.next"), forward, { disabled: !next, data: { shortcut: "next" } }),
  );
}
