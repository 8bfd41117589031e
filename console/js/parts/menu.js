// A menu button, by the pattern that screen readers know: arrows move, Escape closes, focus returns.

import { button, element } from "../core/dom.js";
import { icon } from "../core/icons.js";

/** `entries`: [{label, act}]; `key` keeps the button the same over updates of its list. */
export function menuButton(label, key, entries) {
  const opener = element(
    "button",
    { type: "button", class: "icon-button", "aria-haspopup": "menu", "aria-expanded": "false", "aria-label": label, title: label, data: { key, live: "yes" } },
    icon("more"),
  );
  opener.addEventListener("click", () => openMenu(opener, label, entries, 0));
  opener.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    openMenu(opener, label, entries, event.key === "ArrowUp" ? entries.length - 1 : 0);
  });
  return opener;
}

function openMenu(opener, label, entries, focused) {
  if (opener.getAttribute("aria-expanded") === "true") return;
  const ending = new AbortController();
  const close = (refocus) => {
    if (ending.signal.aborted) return;
    ending.abort();
    menu.remove();
    opener.setAttribute("aria-expanded", "false");
    if (refocus) opener.focus();
  };
  const items = entries.map(({ label: text, act }) =>
    button(text, () => { close(true); act(); }, { role: "menuitem", tabindex: "-1" }),
  );
  const menu = element("div", { class: "menu", role: "menu", "aria-label": label }, items);
  menu.addEventListener("keydown", (event) => moveInMenu(event, items, close));
  document.getElementById("main").append(menu);
  opener.setAttribute("aria-expanded", "true");
  placeBelow(menu, opener);
  items[focused].focus();
  const outside = (event) => { if (!menu.contains(event.target)) close(opener.contains(event.target)); };
  setTimeout(() => addEventListener("pointerdown", outside, { signal: ending.signal }));
  addEventListener("resize", () => close(false), { signal: ending.signal });
  addEventListener("popstate", () => close(false), { signal: ending.signal });
  menu.addEventListener("focusout", ({ relatedTarget }) => { if (!menu.contains(relatedTarget)) close(false); });
}

function moveInMenu(event, items, close) {
  const here = items.indexOf(document.activeElement);
  const to = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: -1 }[event.key];
  if (to !== undefined) {
    event.preventDefault();
    items.at(to % items.length).focus();
  } else if (event.key === "Escape" || event.key === "Tab") {
    event.preventDefault();
    close(true);
  }
}

function placeBelow(menu, opener) {
  const { bottom, right, top } = opener.getBoundingClientRect();
  const room = document.documentElement.clientWidth;
  const above = bottom + menu.offsetHeight + 8 > innerHeight;
  menu.style.setProperty("top", `${scrollY + (above ? top - menu.offsetHeight - 4 : bottom + 4)}px`);
  menu.style.setProperty("left", `${Math.max(8, Math.min(right, room - 8) - menu.offsetWidth)}px`);
}
