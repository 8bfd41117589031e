// A table that becomes a list of cards where there is no room for columns.

import { element } from "../core/dom.js";

/**
 * `columns`: [{name, cell(row), class?, quiet?}] (`quiet`: no heading of its own); `key(row)` identifies a row.
 * The first column names the row. Roles are written out because the cards' layout would take them away.
 */
export function table({ caption, columns, rows, key }) {
  const headings = columns.map(({ name, quiet, class: style }) =>
    element("th", { scope: "col", role: "columnheader", class: style }, quiet ? element("span", { class: "hidden-text" }, name) : name),
  );
  return element(
    "table",
    { role: "table" },
    element("caption", { class: "hidden-text" }, caption),
    element("thead", { role: "rowgroup" }, element("tr", { role: "row" }, headings)),
    element("tbody", { role: "rowgroup" }, rows.map((row) => tableRow(columns, row, key(row)))),
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
