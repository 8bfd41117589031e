// The keyboard shortcuts, and the switch that turns them off.

import { element } from "../core/dom.js";
import { group, t } from "../core/language.js";
import { areOn, SHORTCUTS, switchShortcuts } from "../core/shortcuts.js";
import { actions, closeButton, modal } from "../parts/modal.js";

const DOES = group("keys_does");

/** Open the window. */
export function showKeys({ signal }) {
  const on = element("input", { type: "checkbox", role: "switch", id: "shortcuts", checked: areOn() });
  on.addEventListener("change", () => switchShortcuts(on.checked));
  const rows = [...Object.entries(SHORTCUTS).map(([name, { key }]) => ({ name, key })), { name: "close", key: t("keys.escape") }];
  const list = rows.map(({ name, key }) => element("div", {}, element("dt", {}, DOES[name]), element("dd", {}, element("kbd", {}, key))));
  modal(
    { title: t("nav.keys"), signal },
    element("p", { class: "aside" }, t("keys.about")),
    element("dl", { class: "keys" }, list),
    element("div", { class: "toggle" }, on, element("label", { for: "shortcuts" }, t("keys.on"))),
    actions(closeButton()),
  );
}
