// Have all tickets looked at once more that were called deleted or are not visible.

import { recheckTickets } from "../core/api.js";
import { announce, element, update } from "../core/dom.js";
import { t } from "../core/language.js";
import { closeDialog } from "../core/router.js";
import { actions, closeButton, modal } from "../parts/modal.js";
import { problemNotice } from "../parts/states.js";

/** Open the window. */
export function showRecheck({ name, signal }) {
  const said = element("div", {});
  const start = element("button", { type: "button", class: "primary", on: { click: press } }, t("recheck.start"));
  async function press() {
    start.disabled = true;
    try {
      await recheckTickets(name);
      announce(t("recheck.started", { name }));
      closeDialog();
    } catch (error) {
      start.disabled = false;
      update(said, problemNotice(error));
    }
  }
  modal({ title: t("menu.recheck"), subtitle: name, signal }, element("p", {}, t("recheck.about")), said, actions(closeButton(t("common.cancel")), start));
}
