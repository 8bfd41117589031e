// Have all tickets looked at once more that were called deleted or are not visible.

import { recheckTickets } from "../core/api.js";
import { announce, element, update } from "../core/dom.js";
import { closeDialog } from "../core/router.js";
import { actions, closeButton, modal } from "../parts/modal.js";
import { problemNotice } from "../parts/states.js";

/** Open the window. */
export function showRecheck({ name, signal }) {
  const said = element("div", {});
  const start = element("button", { type: "button", class: "primary", on: { click: press } }, "Look again");
  async function press() {
    start.disabled = true;
    try {
      await recheckTickets(name);
      announce(`Looking at the tickets of ${name} once more`);
      closeDialog();
    } catch (error) {
      start.disabled = false;
      update(said, problemNotice(error));
    }
  }
  const why = "Jira answers the same for an issue that was deleted and for one that the account may not see. After permissions were mended, look again: tickets that Jira shows are active once more, the others stay as they are.";
  modal({ title: "Look at deleted tickets again", subtitle: name, signal }, element("p", {}, why), said, actions(closeButton("Cancel"), start));
}
