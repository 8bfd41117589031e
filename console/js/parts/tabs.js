// Tabs, by the pattern that screen readers know. Which one is open is part of the address.

import { element } from "../core/dom.js";
import { go } from "../core/router.js";

/** `tabs`: [{id, label, address}]; answers the list of tabs and the panel that the open one fills. */
export function tabs(label, list, chosen) {
  const buttons = list.map(({ id, label: text, address }) =>
    element(
      "button",
      {
        type: "button",
        role: "tab",
        id: `tab-${id}`,
        "aria-selected": String(id === chosen),
        "aria-controls": "tab-panel",
        tabindex: id === chosen ? "0" : "-1",
        on: { click: () => go(address) },
      },
      text,
    ),
  );
  const bar = element("div", { role: "tablist", "aria-label": label, class: "tabs" }, buttons);
  bar.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step) buttons.at((buttons.indexOf(document.activeElement) + step) % buttons.length).focus();
  });
  const panel = element("div", { role: "tabpanel", id: "tab-panel", "aria-labelledby": `tab-${chosen}`, class: "tab-panel" });
  return { bar, panel };
}
