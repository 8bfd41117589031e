// Authorise: let the integration act in Jira, in a popup of Jira's.

import { getIntegration } from "../core/api.js";
import { button, element, update } from "../core/dom.js";
import { t } from "../core/language.js";
import { openDialog } from "../core/router.js";
import { grantAccess } from "../parts/grant_access.js";
import { actions, closeButton, modal } from "../parts/modal.js";
import { loading, trouble } from "../parts/states.js";
import { beginTest } from "./test.js";

/** Open the window. */
export async function showAuthorise({ name, signal }) {
  const body = element("div", { class: "stack" }, loading("integration"));
  modal({ title: t("authorise.title"), subtitle: name, signal }, body);
  try {
    const { auth_type: authType } = await getIntegration(name, signal);
    const next = element("div", {});
    const test = button(t("menu.test"), () => { beginTest(); openDialog("test", name); }, { class: "primary" });
    const grant = grantAccess(name, authType, signal, () => update(next, test));
    update(body, element("p", { class: "aside" }, t("authorise.about")), grant, actions(closeButton(), next));
  } catch (error) {
    if (!signal.aborted) update(body, trouble(error));
  }
}
