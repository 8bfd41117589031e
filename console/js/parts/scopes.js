// Permissions that an OAuth 2.0 app lacks, and the way to add them.

import { announce, button, element, outside } from "../core/dom.js";
import { rich, t } from "../core/language.js";
import { openDialog } from "../core/router.js";

const CONSOLE = "https://developer.atlassian.com/console/myapps/";

/** The steps, in the order in which they are taken. */
export function missingScopes(name, scopes) {
  return element(
    "div",
    { class: "notice bad", role: "alert" },
    element("p", { class: "notice-title" }, t("problem.missing_scopes")),
    element(
      "ol",
      { class: "steps" },
      element("li", {}, rich("scopes.open", { console: outside(CONSOLE, t("scopes.console")) })),
      element("li", {}, rich("scopes.add", { scopes: scopeList(scopes) })),
      element("li", {}, rich("scopes.edit", { edit: button(t("menu.edit"), () => openDialog("edit", name), { class: "as-link" }) })),
      element("li", {}, t("scopes.switch_on")),
    ),
  );
}

function scopeList(scopes) {
  const copy = button(t("common.copy"), async () => {
    await navigator.clipboard.writeText(scopes.join("\n"));
    copy.textContent = t("common.copied");
    announce(t("common.copied"));
  });
  return element("div", { class: "scopes" }, element("ul", {}, scopes.map((scope) => element("li", {}, element("code", {}, scope)))), copy);
}
