// A table that becomes a list of cards where there is no room for columns.

import { button, element } from "../core/dom.js";
import { t } from "../core/language.js";

/**
 * `columns`: [{name, cell(row), class?, quiet?, id?, by?(row)}] (`quiet`: no heading of its own; `by`: what to sort by);
 * `key(row)` identifies a row; `sort` is a `sorting` when the rows can be sorted.
 * The first column names the row. Roles are written out because the cards' layout would take them away.
 */
export function table({ caption, columns, rows, key, sort }) {
  return element(
    "table",
    { role: "table" },
    element("caption", { class: "hidden-text" }, caption),
    element("thead", { role: "rowgroup", class: sort ? "sortable" : null }, element("tr", { role: "row", data: sort ? { label: t("list.sort") } : {} }, columns.map((column) => headingCell(column, sort)))),
    element("tbody", { role: "rowgroup" }, (sort ? sort.order(rows, columns) : rows).map((row) => tableRow(columns, row, key(row)))),
  );
}

function headingCell(column, sort) {
  const { name, quiet, class: style, id, by } = column;
  const sortable = sort && by;
  const content = quiet ? element("span", { class: "hidden-text" }, name) : name;
  return element(
    "th",
    { scope: "col", role: "columnheader", class: style, "aria-sort": sortable ? sort.direction(column) : null },
    sortable ? button(content, () => sort.choose(column), { class: "sort", data: { key: `sort ${id}` } }) : content,
  );
}

function tableRow(columns, row, key) {
  const cells = columns.map((column, place) => {
    const properties = { class: column.class, data: column.quiet ? {} : { label: column.name } };
    return place === 0
      ? element("th", { scope: "row", role: "rowheader", ...properties }, column.cell(row))
      : element("td", { role: "cell", ...properties }, column.cell(row));
  });
  return element("tr", { role: "row", data: { key } }, cells);
}
