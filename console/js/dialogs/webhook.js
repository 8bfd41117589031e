// The webhook of an integration: how it does, setting it up, and the secret, once.

import { deleteWebhook, getWebhook, setUpWebhook } from "../core/api.js";
import { announce, button, element, quoted, update } from "../core/dom.js";
import { t } from "../core/language.js";
import { sentence } from "../core/problems.js";
import { moment } from "../core/times.js";
import { WEBHOOKS } from "../core/words.js";
import { facts } from "../parts/heading.js";
import { actions, closeButton, modal } from "../parts/modal.js";
import { loading, notice, problemNotice, trouble } from "../parts/states.js";
import { mark } from "../parts/status.js";

/** Open the window. */
export async function showWebhook({ name, signal }) {
  const body = element("div", { class: "stack" }, loading("webhook"));
  const said = element("div", { class: "stack" });
  modal({ title: t("webhook.name"), subtitle: name, signal }, body, said);
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
      element("p", {}, t("webhook.about")),
      facts([
        [t("column.state"), mark(WEBHOOKS[webhook.state] ?? { word: webhook.state, tone: "off" })],
        [t("webhook.meaning"), quoted(sentence(webhook.reason))],
        [t("webhook.delivered"), moment(webhook.last_delivery_at)],
        [t("webhook.expires"), moment(webhook.expires_at)],
        [t("webhook.day"), t("webhook.counts", { ...webhook.counts_24h, missed: webhook.missed_24h })],
      ]),
      actions(
        set ? button(t("webhook.remove"), () => press(() => deleteWebhook(name)), { data: { key: "remove" } }) : closeButton(),
        button(set ? t("webhook.new_secret") : t("webhook.manual"), () => press(() => setUpWebhook(name, "manual")), { data: { key: "manual" } }),
        button(t("webhook.register"), () => press(() => setUpWebhook(name, "register")), { class: "primary", data: { key: "register" } }),
      ),
    ];
  }

  async function press(act) {
    update(said, loading("jira"));
    try {
      const made = await act();
      update(said, made.url ? entries(made) : null);
      announce(t("common.done"));
      await fill();
    } catch (error) {
      const steps = error.problem?.steps;
      update(said, problemNotice(error), steps ? stepList(steps) : null);
    }
  }
}

function entries({ url, secret, steps }) {
  return [
    notice("good", t("webhook.set_up"), secret ? t("webhook.once") : ""),
    element("div", { class: "stack" }, copied("address", url), secret ? copied("secret", secret) : null),
    stepList(steps),
  ];
}

function copied(what, value) {
  const copy = button(t("common.copy"), async () => { await navigator.clipboard.writeText(value); announce(t("common.copied")); }, { "aria-label": t(`webhook.copy_${what}`) });
  return element("div", { class: "copied" }, element("strong", {}, t(`webhook.${what}`)), element("code", {}, value), copy);
}

function stepList(steps) {
  return element("ol", { class: "steps" }, steps.map((step) => element("li", {}, quoted(step))));
}
