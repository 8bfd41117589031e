// Delete an integration: what it means, and its name typed by hand.

import { deleteIntegration, getSummary } from "../core/api.js";
import { element, update } from "../core/dom.js";
import { t } from "../core/language.js";
import { address, go } from "../core/router.js";
import { count } from "../core/times.js";
import { textField } from "../parts/fields.js";
import { actions, closeButton, modal } from "../parts/modal.js";
import { problemNotice } from "../parts/states.js";

/** Open the window. */
export async function showDelete({ name, signal }) {
  const said = element("div", {});
  const tickets = element("p", {}, t("delete.about"));
  const field = textField({ name: "typed", label: t("delete.type", { name }), required: true });
  const confirm = element("button", { type: "submit", class: "primary", disabled: true }, t("delete.confirm"));
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
  const form = element("form", { class: "stack", on: { submit } }, tickets, element("p", { class: "aside" }, t("delete.more")), field.root, said, actions(closeButton(t("common.cancel")), confirm));
  modal({ title: t("delete.title"), subtitle: name, signal }, form);
  const summary = await getSummary(name, signal).catch(() => null);
  if (summary?.tickets) update(tickets, t("delete.about_tickets", { tickets: count("ticket", summary.tickets) }));
}
