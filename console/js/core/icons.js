// Drawings made of nodes, since nothing here is ever made of text. All are decoration beside a text that says the same.

const SVG = "http://www.w3.org/2000/svg";
const PATHS = {
  refresh: "M20 11a8 8 0 1 0-2.3 5.7M20 4v7h-7",
  more: "M12 5h.01M12 12h.01M12 19h.01",
  close: "M6 6l12 12M18 6L6 18",
  search: "M10.5 4a6.5 6.5 0 1 1 0 13a6.5 6.5 0 0 1 0-13zM15.5 15.5L21 21",
  yes: "M5 12.5l4.5 4.5L19 7.5",
  no: "M6 6l12 12M18 6L6 18",
  skipped: "M6 12h12",
  waiting: "M12 6v6l4 2",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
};

/** An icon of this name. */
export function icon(name) {
  const place = { viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false", class: `icon icon-${name}` };
  return drawing("svg", place, drawing("path", { d: PATHS[name] }));
}

/** An element of a drawing. */
export function drawing(tag, attributes, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  made.append(...children);
  return made;
}
