// What is around every page: navigation, account, and the foot with language, API and keys.

import { button, element, update } from "../core/dom.js";
import { LANGUAGE, LANGUAGES, speak, t } from "../core/language.js";
import { openDialog } from "../core/router.js";

/** Give the fixed parts of the page their words. */
export function nameFrame() {
  document.documentElement.lang = LANGUAGE;
  for (const named of document.querySelectorAll("[data-words]")) named.textContent = t(named.dataset.words);
  for (const named of document.querySelectorAll("[data-label]")) named.setAttribute("aria-label", t(named.dataset.label));
}

/** Fill the foot. */
export function fillFoot(foot) {
  const api = element("a", { href: "api.html" }, "API");
  update(foot, languageChoice(), api, button(t("nav.keys"), showKeys, { class: "as-link", "aria-keyshortcuts": "?" }));
}

/** Open the window that lists the keys. */
export function showKeys() {
  openDialog("keys", "page");
}

function languageChoice() {
  const options = Object.entries(LANGUAGES).map(([code, name]) => element("option", { value: code, lang: code, selected: code === LANGUAGE }, name));
  const select = element("select", { id: "language", on: { change: () => speak(select.value) } }, options);
  return element("div", { class: "choose" }, element("label", { for: "language" }, t("nav.language")), select);
}
