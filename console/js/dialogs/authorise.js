// Authorise: let the integration act in Jira, in a popup of Jira's.

import { getIntegration } from "../core/api.js";
import { button, element, update } from "../core/dom.js";
import { openDialog } from "../core/router.js";
import { grantAccess } from "../parts/grant_access.js";
import { actions, closeButton, modal } from "../parts/modal.js";
import { loading, trouble } from "../parts/states.js";
import { beginTest } from "./test.js";

/** Open the window. */
export async function showAuthorise({ name, signal }) {
  const body = element("div", { class: "stack" }, loading("the integration"));
  modal({ title: "Authorise", subtitle: name, signal }, body);
  try {
    const { auth_type: authType } = await getIntegration(name, signal);
    const next = element("div", {});
    const test = button("Test Integration", () => { beginTest(); openDialog("test", name); }, { class: "primary" });
    const grant = grantAccess(name, authType, signal, () => update(next, test));
    update(body, element("p", { class: "aside" }, "Jira asks you in a window of its own whether this integration may act for you."), grant, actions(closeButton(), next));
  } catch (error) {
    if (!signal.aborted) update(body, trouble(error));
  }
}
