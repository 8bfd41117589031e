// Granting access in a popup, for integrations with OAuth.

import { authorize, getIntegration } from "../core/api.js";
import { button, element, isSafe, outside, update } from "../core/dom.js";
import { rich, t } from "../core/language.js";
import { notice, problemNotice } from "./states.js";

const LOOK_AGAIN_MS = 1000;
const PATIENCE_MS = 600_000; // an authorisation lives ten minutes
const POPUP = "popup,width=640,height=760";

/** A button that opens Jira's page, and what came of it; `granted` is called with the integration once it was. */
export function grantAccess(name, authType, signal, granted) {
  const said = element("div", {});
  const opener = button(t("grant.button"), () => start(), { class: "primary" });

  async function start() {
    // Opened right on the click, or the browser takes it for an advertisement.
    const popup = window.open("about:blank", "_blank", POPUP);
    if (popup) popup.opener = null;
    opener.disabled = true;
    update(said, notice("plain", t("grant.waiting"), t("grant.waiting_way")));
    try {
      const before = await getIntegration(name, signal);
      const { authorization_url: address } = await authorize(name, authType);
      if (!isSafe(address) || address.startsWith("#")) throw new TypeError(address);
      if (popup) popup.location.replace(address);
      else update(said, blocked(address));
      tell(await ended(before, popup));
    } catch (error) {
      popup?.close();
      if (!signal.aborted) update(said, problemNotice(error));
    } finally {
      opener.disabled = false;
    }
  }

  /** Look until the connection was tried with the new grant, or the window is closed without one. */
  async function ended(before, popup) {
    for (const end = Date.now() + PATIENCE_MS; Date.now() < end && !signal.aborted;) {
      await new Promise((done) => { setTimeout(done, LOOK_AGAIN_MS); });
      const closed = popup?.closed;
      const now = await getIntegration(name, signal);
      if (now.health.checked_at !== before.health.checked_at) return now;
      if (closed) return null;
    }
    return null;
  }

  function tell(integration) {
    if (signal.aborted) return;
    if (integration === null) {
      update(said, notice("waiting", t("grant.refused"), t("grant.refused_way")));
    } else {
      update(said, notice("good", t("grant.granted")));
      granted(integration);
    }
  }

  return element("div", { class: "stack" }, element("div", {}, opener), said);
}

function blocked(address) {
  return notice("waiting", t("grant.blocked"), ...rich("grant.blocked_way", { open: outside(address, t("grant.open")) }));
}
