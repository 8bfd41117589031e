// Test Integration: the five checks.

import { button, element } from "../core/dom.js";
import { t } from "../core/language.js";
import { tryConnection } from "../parts/connection_test.js";
import { actions, closeButton, modal } from "../parts/modal.js";

let asked = false;

/** Let the next window begin its test by itself: it was asked for. (One that is opened by its address waits.) */
export function beginTest() {
  asked = true;
}

/** Open the window. */
export function showTest({ name, signal }) {
  const found = element("div", { class: "stack" }, element("p", { class: "aside" }, t("test.about")));
  const start = button(t("test.start"), run, { class: "primary" });
  modal({ title: t("menu.test"), subtitle: name, signal }, found, actions(closeButton(), start));
  if (asked) run();
  asked = false;

  async function run() {
    start.disabled = true;
    await tryConnection(name, found);
    start.disabled = false;
    start.textContent = t("test.again");
  }
}
