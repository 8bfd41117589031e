// Keys that do what a control of the page does: they press it, so they can do nothing that is not offered. They are
// single letters, so they rest while somebody types, and can be switched off (WCAG 2.1.4).

import { keep, kept } from "./kept.js";
import { go } from "./router.js";

const KEPT = "ticket-status-shortcuts";

/** Each with its key: what `event.key` is. */
export const SHORTCUTS = {
  overview: { key: "o", act: () => go("#/overview") },
  scans: { key: "s", act: () => go("#/scans") },
  integrations: { key: "i", act: () => go("#/integrations") },
  search: { key: "/", act: search },
  refresh: { key: "r", act: () => press("refresh") },
  next: { key: "n", act: () => press("next") },
  previous: { key: "p", act: () => press("previous") },
  help: { key: "?", act: null },
};

/** Listen from now on; `showHelp` opens the window that lists the keys. */
export function listenToKeys(showHelp) {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isTyping(event.target) || document.querySelector("dialog[open], .menu")) return;
    const shortcut = Object.values(SHORTCUTS).find(({ key }) => key === event.key);
    if (!shortcut || !areOn()) return;
    event.preventDefault();
    (shortcut.act ?? showHelp)();
  });
}

/** Whether the reader wants them. */
export function areOn() {
  return kept(KEPT) !== "off";
}

/** Switch them on or off. */
export function switchShortcuts(on) {
  keep(KEPT, on ? null : "off");
}

function isTyping(target) {
  return target instanceof Element && (target.matches("input:not([type=checkbox], [type=radio]), textarea, select") || target.isContentEditable);
}

function press(name) {
  document.querySelector(`main [data-shortcut="${name}"]:not(:disabled)`)?.click();
}

function search() {
  const field = () => document.querySelector('main [data-shortcut="search"]');
  if (!field()) go("#/scans");
  field()?.focus();
}
