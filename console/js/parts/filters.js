// Narrowing a list by what its tickets show. The filter is part of the address.

import { button, element } from "../core/dom.js";
import { t } from "../core/language.js";
import { address, go } from "../core/router.js";
import { CATEGORIES, UNKNOWN } from "../core/words.js";

const REASONS = ["DELETED", "INACCESSIBLE", "INTEGRATION_BROKEN", "NOT_RETRIEVED_YET"];
const OF_VIOLATIONS = [
  ["", t("common.all"), {}],
  ...Object.entries(CATEGORIES).map(([category, label]) => [category, label, { category }]),
  ...REASONS.map((reason) => [reason, UNKNOWN[reason], { unknown_reason: reason }]),
];

/** What the tickets of an integration can be narrowed to, which violations cannot. */
export const OF_TICKETS = [...OF_VIOLATIONS, ["outside_window", UNKNOWN.TOO_OLD, { refresh_state: "outside_window" }]];

/** The filter that the address names, as parameters of the API. */
export function filterQuery({ query }, known = OF_VIOLATIONS) {
  return known.find(([id]) => id === (query.filter ?? ""))?.[2] ?? {};
}

/** Buttons, the chosen one pressed. */
export function filters(place, known = OF_VIOLATIONS) {
  const { filter = "", ...others } = place.query;
  const buttons = known.map(([id, label]) =>
    button(label, () => go(address(place.segments, { ...others, after: "", status: "", filter: id })), { "aria-pressed": String(id === filter && !others.status) }),
  );
  return element("div", { class: "segments", role: "group", "aria-label": t("list.filter") }, buttons);
}
