// Granting access in a popup, for integrations with OAuth.

import { authorize, getIntegration } from "../core/api.js";
import { button, element, isSafe, outside, update } from "../core/dom.js";
import { notice, problemNotice } from "./states.js";

const LOOK_AGAIN_MS = 1000;
const PATIENCE_MS = 600_000; // an authorisation lives ten minutes
const POPUP = "popup,width=640,height=760";

/** A button that opens Jira's page, and what came of it; `granted` is called with the integration once it was. */
export function grantAccess(name, authType, signal, granted) {
  const said = element("div", {});
  const opener = button("Grant access in Jira…", () => start(), { class: "primary" });

  async function start() {
    // Opened right on the click, or the browser takes it for an advertisement.
    const popup = window.open("about:blank", "_blank", POPUP);
    if (popup) popup.opener = null;
    opener.disabled = true;
    update(said, notice("plain", "Waiting for you to grant access", "Jira's page is open in a window of its own. This goes on by itself."));
    try {
      const before = await getIntegration(name, signal);
      const { authorization_url: address } = await authorize(name, authType);
      if (!isSafe(address) || address.startsWith("#")) throw new Error("Jira's address is not one");
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
      update(said, notice("waiting", "Access was not granted", "The window was closed, or its time ran out. Try again."));
    } else {
      update(said, notice("good", "Access was granted"));
      granted(integration);
    }
  }

  return element("div", { class: "stack" }, element("div", {}, opener), said);
}

function blocked(address) {
  return notice("waiting", "The browser did not open the window", outside(address, "Open Jira's page"), " and grant access there.");
}
