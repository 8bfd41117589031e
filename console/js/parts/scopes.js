// Permissions that an OAuth 2.0 app lacks, and the way to add them.

import { announce, button, element, outside } from "../core/dom.js";
import { openDialog } from "../core/router.js";

const CONSOLE = "https://developer.atlassian.com/console/myapps/";

/** The steps, in the order in which they are taken. */
export function missingScopes(name, scopes) {
  return element(
    "div",
    { class: "notice bad", role: "alert" },
    element("p", { class: "notice-title" }, "Permissions are missing in Jira"),
    element(
      "ol",
      { class: "steps" },
      element("li", {}, "In the ", outside(CONSOLE, "Atlassian developer console"), ", open the OAuth 2.0 app of this integration."),
      element("li", {}, "Under Permissions, Jira API, granular scopes, add:", scopeList(scopes)),
      element("li", {}, "Here, choose ", button("Edit Integration", () => openDialog("edit", name), { class: "as-link" }), ", enter the secret again and grant access."),
      element("li", {}, "Then switch on Retrieve Jira Tickets in Settings."),
    ),
  );
}

function scopeList(scopes) {
  const copy = button("Copy", async () => {
    await navigator.clipboard.writeText(scopes.join("\n"));
    copy.textContent = "Copied";
    announce("Copied");
  });
  return element("div", { class: "scopes" }, element("ul", {}, scopes.map((scope) => element("li", {}, element("code", {}, scope)))), copy);
}
