// What can be done with an integration: its menu, and starting a run.

import { startSync } from "../core/api.js";
import { announce, update } from "../core/dom.js";
import { openDialog } from "../core/router.js";
import { may } from "../core/session.js";
import { beginTest } from "../dialogs/test.js";
import { menuButton } from "./menu.js";
import { problemNotice } from "./states.js";

/** The menu at the right of an integration. `sync(name)` starts a run. */
export function integrationMenu({ connection_name: name, auth_type: authType }, sync) {
  if (!may("admin")) return null;
  const authorise = { label: "Authorise…", act: () => openDialog("authorise", name) };
  return menuButton(`Actions for ${name}`, `menu ${name}`, [
    { label: "Settings", act: () => openDialog("settings", name) },
    { label: "Edit Integration", act: () => openDialog("edit", name) },
    { label: "Test Integration", act: () => { beginTest(); openDialog("test", name); } },
    ...(authType.startsWith("oauth") ? [authorise] : []),
    { label: "Sync now", act: () => sync(name) },
    { label: "Webhook…", act: () => openDialog("webhook", name) },
    { label: "Look at deleted tickets again", act: () => openDialog("recheck", name) },
    { label: "Delete…", act: () => openDialog("delete", name) },
  ]);
}

/** Start a run; `said` gets what came of it, `started` is called when there is one. */
export async function syncNow(name, said, started) {
  update(said);
  try {
    await startSync(name);
    announce(`Retrieving all tickets of ${name}`);
    started();
  } catch (error) {
    update(said, problemNotice(error));
  }
}
