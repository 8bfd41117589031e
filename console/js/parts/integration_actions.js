// What can be done with an integration: its menu, and starting a run.

import { startSync } from "../core/api.js";
import { announce, update } from "../core/dom.js";
import { t } from "../core/language.js";
import { openDialog } from "../core/router.js";
import { may } from "../core/session.js";
import { beginTest } from "../dialogs/test.js";
import { menuButton } from "./menu.js";
import { problemNotice } from "./states.js";

/** The menu at the right of an integration. `sync(name)` starts a run. */
export function integrationMenu({ connection_name: name, auth_type: authType }, sync) {
  if (!may("admin")) return null;
  const authorise = { label: t("menu.authorise"), act: () => openDialog("authorise", name) };
  return menuButton(t("menu.actions", { name }), `menu ${name}`, [
    { label: t("menu.settings"), act: () => openDialog("settings", name) },
    { label: t("menu.edit"), act: () => openDialog("edit", name) },
    { label: t("menu.test"), act: () => { beginTest(); openDialog("test", name); } },
    ...(authType.startsWith("oauth") ? [authorise] : []),
    { label: t("integration.sync"), act: () => sync(name) },
    { label: t("menu.webhook"), act: () => openDialog("webhook", name) },
    { label: t("menu.recheck"), act: () => openDialog("recheck", name) },
    { label: t("menu.delete"), act: () => openDialog("delete", name) },
  ]);
}

/** Start a run; `said` gets what came of it, `started` is called when there is one. */
export async function syncNow(name, said, started) {
  update(said);
  try {
    await startSync(name);
    announce(t("integration.syncing", { name }));
    started();
  } catch (error) {
    update(said, problemNotice(error));
  }
}
