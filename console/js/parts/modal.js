// A window over the page. Its address is the router's: closing it in any way is going back.

import { button, element } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { t } from "../core/language.js";
import { closeDialog } from "../core/router.js";

let number = 0;

/** Open a window with this title and content; it stays until `signal` ends it. */
export function modal({ title, subtitle, signal }, ...content) {
  const id = `dialog-${++number}`;
  const opener = document.activeElement;
  const window_ = element(
    "dialog",
    { class: "modal", "aria-labelledby": id },
    element(
      "div",
      { class: "modal-head" },
      element("div", {}, element("h2", { id, tabindex: "-1" }, title), subtitle ? element("p", { class: "aside" }, subtitle) : null),
      button(icon("close"), closeDialog, { class: "icon-button", "aria-label": t("common.close"), title: t("common.close") }),
    ),
    element("div", { class: "modal-body" }, ...content),
  );
  window_.addEventListener("cancel", (event) => { event.preventDefault(); closeDialog(); });
  window_.addEventListener("pointerdown", (event) => { if (event.target === window_) closeDialog(); });
  signal.addEventListener("abort", () => {
    window_.close();
    window_.remove();
    refocus(opener);
  });
  document.body.append(window_);
  window_.showModal();
  window_.querySelector("h2").focus();
  return window_;
}

/** The buttons at the end of a window's content. */
export function actions(...buttons) {
  return element("div", { class: "modal-actions" }, ...buttons);
}

/** Closes the window. */
export function closeButton(label = t("common.close")) {
  return button(label, closeDialog);
}

function refocus(opener) {
  const key = opener?.dataset?.key;
  const same = key ? document.querySelector(`[data-key="${CSS.escape(key)}"]`) : null;
  (opener?.isConnected && opener !== document.body ? opener : same)?.focus();
}
