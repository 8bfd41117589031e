// The page begins: who is looking, then what they came for.

import { button, update } from "./core/dom.js";
import * as router from "./core/router.js";
import { t } from "./core/language.js";
import { listenToKeys } from "./core/shortcuts.js";
import { begin, canSignOut, signOut } from "./core/session.js";
import { showAuthorise } from "./dialogs/authorise.js";
import { showCreate } from "./dialogs/create.js";
import { showDelete } from "./dialogs/delete.js";
import { showEdit } from "./dialogs/edit.js";
import { showKeys as showKeyList } from "./dialogs/keys.js";
import { showRecheck } from "./dialogs/recheck.js";
import { showSettings } from "./dialogs/settings.js";
import { showTest } from "./dialogs/test.js";
import { showWebhook } from "./dialogs/webhook.js";
import { fillFoot, nameFrame, showKeys } from "./parts/frame.js";
import { trouble } from "./parts/states.js";
import { showIntegration } from "./views/integration.js";
import { showIntegrations } from "./views/integrations.js";
import { showMissing } from "./views/missing.js";
import { showOverview } from "./views/overview.js";
import { showScans } from "./views/scans.js";
import { showTickets } from "./views/tickets.js";
import { showViolation } from "./views/violation.js";
import { showViolations } from "./views/violations.js";

const PAGES = [
  [[], { show: showOverview }],
  [["overview"], { show: showOverview }],
  [["scans"], { show: showScans }],
  [["scans", "*", "*"], { show: showViolations }],
  [["violations", "*"], { show: showViolation }],
  [["violations", "*", "*"], { show: showViolation }],
  [["integrations"], { show: showIntegrations }],
  [["integrations", "*"], { show: showIntegration }],
  [["integrations", "*", "tickets"], { show: showTickets }],
  [["*"], { show: showMissing }],
];
const DIALOGS = {
  settings: showSettings,
  create: showCreate,
  edit: showEdit,
  test: showTest,
  authorise: showAuthorise,
  webhook: showWebhook,
  recheck: showRecheck,
  delete: showDelete,
  keys: showKeyList,
};

const main = document.getElementById("main");
document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
nameFrame();
try {
  await begin();
  if (canSignOut()) update(document.getElementById("account"), button(t("nav.sign_out"), signOut));
  router.start(main, PAGES, DIALOGS);
  fillFoot(document.getElementById("footer"));
  listenToKeys(showKeys);
} catch (error) {
  update(main, trouble(error, () => location.reload()));
}
