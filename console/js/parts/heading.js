// The head of a page: where we are, what it is, what can be done.

import { element, link, text } from "../core/dom.js";
import { t } from "../core/language.js";
import { title } from "../core/router.js";

/** `trail`: [[label, address]] of the pages above; `beside`: what stands at the heading's right. */
export function heading({ trail = [], name, aside, beside }) {
  title(name);
  return element(
    "div",
    { class: "heading" },
    trail.length ? crumbs(trail) : null,
    element("div", { class: "heading-line" }, element("div", {}, element("h1", {}, text(name)), aside ? element("p", { class: "aside" }, text(aside)) : null), beside ?? null),
  );
}

function crumbs(trail) {
  const steps = trail.map(([label, address]) => element("li", {}, link(address, {}, text(label))));
  return element("nav", { "aria-label": t("nav.crumbs"), class: "crumbs" }, element("ol", {}, steps));
}

/** Facts: [[name, value]], those without a value left out. */
export function facts(pairs) {
  const given = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return element("dl", { class: "facts" }, given.map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value))));
}
