// Rows of a list that are chosen, to be refreshed instead of all that are shown.

import { element } from "../core/dom.js";
import { t } from "../core/language.js";
import { may } from "../core/session.js";

/** `key(row)` identifies a row. `changed` is set by who wants to know. */
export function selection(key) {
  const chosen = new Set();
  const self = {
    changed: () => {},
    /** How many of these rows are chosen. */
    among: (rows) => rows.filter((row) => chosen.has(key(row))).length,
    /** The chosen ones of these rows; all when none is. */
    orAll: (rows) => (self.among(rows) ? rows.filter((row) => chosen.has(key(row))) : rows),
    /** The column to choose by, where the token may refresh. */
    columns: () => (may("refresh") ? [{ name: t("list.choice"), quiet: true, class: "actions", cell: box }] : []),
  };

  function box(row) {
    const input = element("input", { type: "checkbox", class: "choose-row", "aria-label": t("list.choose", { name: key(row) }), checked: chosen.has(key(row)), data: { key: `choose ${key(row)}` } });
    input.addEventListener("change", () => {
      if (input.checked) chosen.add(key(row));
      else chosen.delete(key(row));
      self.changed();
    });
    return input;
  }

  return self;
}
