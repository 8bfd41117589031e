// The order of a list, by its headings. It is part of the address. What the API gives in pages is sorted within a page
// only, and says so.

import { LOCALE, t } from "../core/language.js";
import { note } from "../core/router.js";

const WORDS = new Intl.Collator(LOCALE, { numeric: true, sensitivity: "base" });

/** The order of the list at `place`; `redraw` shows it anew. Columns that can be sorted have `id` and `by(row)`. */
export function sorting(place, redraw) {
  const current = () => (place.query.sort ?? "").replace("-", "");
  const isDown = () => (place.query.sort ?? "").startsWith("-");
  return {
    /** `ascending`, `descending` or none, as `aria-sort` has it. */
    direction: ({ id }) => (id && id === current() ? (isDown() ? "descending" : "ascending") : "none"),
    /** Sort by this column; the other way round when it is already. */
    choose({ id }) {
      place.query.sort = id === current() && !isDown() ? `-${id}` : id;
      note({ sort: place.query.sort });
      redraw();
    },
    order(rows, columns) {
      const column = columns.find(({ id, by }) => by && id === current());
      if (!column) return rows;
      const sorted = rows.toSorted((one, other) => compare(column.by(one), column.by(other)));
      return isDown() ? sorted.reverse() : sorted;
    },
    /** In a sentence; `partly` when there are other pages. */
    said(columns, partly) {
      const column = columns.find(({ id, by }) => by && id === current());
      if (!column) return null;
      const words = { column: column.name };
      if (partly) return isDown() ? t("list.sorted_page_down", words) : t("list.sorted_page", words);
      return isDown() ? t("list.sorted_down", words) : t("list.sorted", words);
    },
  };
}

function compare(one, other) {
  if (typeof one === "number" && typeof other === "number") return one - other;
  return WORDS.compare(one ?? "", other ?? "");
}
