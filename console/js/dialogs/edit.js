// Edit Integration: the same steps as when it was created. Nothing has to be entered again but what changes.

import { editIntegration, getIntegration } from "../core/api.js";
import { announce, button, element, update } from "../core/dom.js";
import { t } from "../core/language.js";
import { openDialog } from "../core/router.js";
import { AUTH_TYPES, INSTALLATIONS } from "../core/words.js";
import { tryConnection } from "../parts/connection_test.js";
import { changes, credentialFields, textField } from "../parts/fields.js";
import { grantAccess } from "../parts/grant_access.js";
import { facts } from "../parts/heading.js";
import { actions, closeButton, modal } from "../parts/modal.js";
import { loading, problemNotice, trouble } from "../parts/states.js";

/** Open the window at its first step. */
export async function showEdit({ name, signal }) {
  const body = element("div", { class: "stack" }, loading("integration"));
  modal({ title: t("menu.edit"), subtitle: name, signal }, body);
  try {
    wizard(await getIntegration(name, signal), body, signal);
  } catch (error) {
    if (!signal.aborted) update(body, trouble(error));
  }
}

/** The steps, with what was entered so far. */
function wizard(integration, body, signal) {
  const oauth = integration.auth_type.startsWith("oauth");
  const steps = [
    { label: t("edit.address"), show: addressStep },
    { label: t("edit.credentials"), show: credentialsStep },
    ...(oauth ? [{ label: t("edit.grant"), show: grantStep }] : []),
    { label: t("edit.test"), show: testStep },
  ];
  const entered = new Map();
  const context = { integration, entered, signal, back: () => show(here - 1), next: () => show(here + 1) };
  let here = 0;

  function show(step) {
    here = step;
    body.replaceChildren(trail(steps, here), steps[here].show(context));
    announce(t("common.step", { step: here + 1, steps: steps.length, name: steps[here].label }));
    body.querySelector("form input:not([readonly]), .stack button.primary")?.focus();
  }
  show(0);
}

function trail(steps, here) {
  const items = steps.map(({ label }, place) =>
    element("li", { class: place < here ? "done" : null, "aria-current": place === here ? "step" : null }, element("span", {}, label)),
  );
  return element("ol", { class: "wizard", "aria-label": t("common.steps") }, items);
}

function addressStep({ integration, entered, next }) {
  const fields = [textField({ name: "jira_server_url", label: t("field.url"), type: "url", value: integration.jira_server_url, required: true })];
  const proxy = element("input", { type: "checkbox", id: "skip_proxy", checked: entered.get("skip_proxy") ?? integration.skip_proxy });
  restore(fields, entered);
  const submit = (event) => {
    event.preventDefault();
    keep(fields, entered);
    entered.set("skip_proxy", proxy.checked);
    next();
  };
  return element(
    "form",
    { class: "stack", on: { submit } },
    facts([[t("integration.installation"), INSTALLATIONS[integration.installation_type]], [t("integration.authentication"), AUTH_TYPES[integration.auth_type]]]),
    fields.map(({ root }) => root),
    element("div", { class: "check-field" }, proxy, element("label", { for: "skip_proxy" }, t("field.proxy"))),
    actions(closeButton(t("common.cancel")), element("button", { type: "submit", class: "primary" }, t("common.next"))),
  );
}

function credentialsStep({ integration, entered, back, next }) {
  const fields = credentialFields(integration);
  restore(fields, entered);
  const said = element("div", {});
  const save = element("button", { type: "submit", class: "primary" }, t("edit.save"));

  async function store(event, untested) {
    event.preventDefault();
    keep(fields, entered);
    const body = changes(integration, entered);
    if (Object.keys(body).length === 0) {
      next();
      return;
    }
    save.disabled = true;
    update(said, loadingNote());
    try {
      Object.assign(integration, await editIntegration(integration.connection_name, untested ? { ...body, skip_connection_test: true } : body));
      next();
    } catch (error) {
      save.disabled = false;
      const anyway = error.code === "jira_connection_failed" ? button(t("edit.untested"), (click) => store(click, true)) : null;
      update(said, problemNotice(error), anyway);
    }
  }

  const leave = () => { keep(fields, entered); back(); };
  return element(
    "form",
    { class: "stack", on: { submit: (event) => store(event, false) } },
    fields.map(({ root }) => root),
    said,
    actions(button(t("common.back"), leave), save),
  );
}

function loadingNote() {
  return element("p", { class: "aside", role: "status" }, t("common.trying"));
}

function grantStep({ integration, signal, back, next }) {
  const { connection_name: name, auth_type: authType } = integration;
  return element(
    "div",
    { class: "stack" },
    element("p", {}, t("edit.grant_about")),
    grantAccess(name, authType, signal, next),
    actions(button(t("common.back"), back), button(t("edit.skip"), next)),
  );
}

function testStep({ integration, back }) {
  const { connection_name: name } = integration;
  const found = element("div", { class: "stack" });
  const start = button(t("menu.test"), run, { class: "primary" });
  const settings = button(t("menu.settings"), () => openDialog("settings", name));
  const after = integration.retrieve_jira_tickets ? null : element("p", { class: "aside" }, t("edit.off"));

  async function run() {
    start.disabled = true;
    const finding = await tryConnection(name, found);
    start.disabled = false;
    start.textContent = t("test.again");
    if (finding?.status === "HEALTHY_INTEGRATION" && after) found.append(after);
  }

  return element("div", { class: "stack" }, found, actions(button(t("common.back"), back), settings, closeButton(t("common.done")), start));
}

function keep(fields, entered) {
  for (const { name, input } of fields) entered.set(name, input.value);
}

function restore(fields, entered) {
  for (const { name, input } of fields) if (entered.has(name)) input.value = entered.get(name);
}
