// The webhook of an integration: how it does, setting it up, and the secret, once.

import { deleteWebhook, getWebhook, setUpWebhook } from "../core/api.js";
import { announce, button, element, text, update } from "../core/dom.js";
import { sentence } from "../core/problems.js";
import { moment } from "../core/times.js";
import { WEBHOOKS } from "../core/words.js";
import { facts } from "../parts/heading.js";
import { actions, closeButton, modal } from "../parts/modal.js";
import { loading, notice, problemNotice, trouble } from "../parts/states.js";
import { mark } from "../parts/status.js";

/** Open the window. */
export async function showWebhook({ name, signal }) {
  const body = element("div", { class: "stack" }, loading("the webhook"));
  const said = element("div", { class: "stack" });
  modal({ title: "Webhook", subtitle: name, signal }, body, said);
  await fill();

  async function fill() {
    try {
      update(body, ...present(await getWebhook(name, signal)));
    } catch (error) {
      if (!signal.aborted) update(body, trouble(error, fill));
    }
  }

  function present(webhook) {
    const set = webhook.state !== "off" || webhook.mode !== null;
    return [
      element("p", {}, "With a webhook, a status that changes in Jira shows here within seconds. The retrieval every 8 hours goes on and finds what it misses."),
      facts([
        ["State", mark(WEBHOOKS[webhook.state] ?? { word: webhook.state, tone: "off" })],
        ["What it means", sentence(webhook.reason)],
        ["Last delivery", moment(webhook.last_delivery_at)],
        ["Expires", moment(webhook.expires_at)],
        ["In 24 hours", `${webhook.counts_24h.accepted} accepted, ${webhook.counts_24h.duplicates} repeated, ${webhook.counts_24h.unknown_issue} of other issues, ${webhook.counts_24h.rejected} refused, ${webhook.missed_24h} missed`],
      ]),
      actions(
        set ? button("Remove", () => press(() => deleteWebhook(name)), { data: { key: "remove" } }) : closeButton(),
        button(set ? "New secret, by hand" : "Set up by hand", () => press(() => setUpWebhook(name, "manual")), { data: { key: "manual" } }),
        button("Register in Jira", () => press(() => setUpWebhook(name, "register")), { class: "primary", data: { key: "register" } }),
      ),
    ];
  }

  async function press(act) {
    update(said, loading("Jira"));
    try {
      const made = await act();
      update(said, made.url ? entries(made) : null);
      announce("Done");
      await fill();
    } catch (error) {
      const steps = error.problem?.steps;
      update(said, problemNotice(error), steps ? stepList(steps) : null);
    }
  }
}

function entries({ url, secret, steps }) {
  return [
    notice("good", "The webhook is set up", secret ? "The secret is shown this once only." : ""),
    element("div", { class: "stack" }, copied("Address", url), secret ? copied("Secret", secret) : null),
    stepList(steps),
  ];
}

function copied(label, value) {
  const copy = button("Copy", async () => { await navigator.clipboard.writeText(value); announce(`${label} copied`); }, { "aria-label": `Copy the ${label.toLowerCase()}` });
  return element("div", { class: "copied" }, element("strong", {}, label), element("code", {}, value), copy);
}

function stepList(steps) {
  return element("ol", { class: "steps" }, steps.map((step) => element("li", {}, text(step))));
}
