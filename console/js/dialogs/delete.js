// Delete an integration: what it means, and its name typed by hand.

import { deleteIntegration, getSummary } from "../core/api.js";
import { element, update } from "../core/dom.js";
import { address, go } from "../core/router.js";
import { count } from "../core/times.js";
import { textField } from "../parts/fields.js";
import { actions, closeButton, modal } from "../parts/modal.js";
import { problemNotice } from "../parts/states.js";

/** Open the window. */
export async function showDelete({ name, signal }) {
  const said = element("div", {});
  const tickets = element("p", {}, "Its tickets show Unknown from then on, for good, also when another integration takes the name.");
  const field = textField({ name: "typed", label: `Type ${name} to delete it`, required: true });
  const confirm = element("button", { type: "submit", class: "primary", disabled: true }, "Delete for good");
  field.input.addEventListener("input", () => { confirm.disabled = field.input.value !== name; });
  const submit = async (event) => {
    event.preventDefault();
    confirm.disabled = true;
    try {
      await deleteIntegration(name);
      go(address(["integrations"]));
    } catch (error) {
      confirm.disabled = false;
      update(said, problemNotice(error));
    }
  };
  const form = element("form", { class: "stack", on: { submit } }, tickets, element("p", { class: "aside" }, "Its credential and its webhook are destroyed. Nothing changes in Jira's issues."), field.root, said, actions(closeButton("Cancel"), confirm));
  modal({ title: "Delete the integration", subtitle: name, signal }, form);
  const summary = await getSummary(name, signal).catch(() => null);
  if (summary?.tickets) update(tickets, `${count(summary.tickets, "ticket")} that show a status now, and all others of it, show Unknown from then on, for good, also when another integration takes the name.`);
}
