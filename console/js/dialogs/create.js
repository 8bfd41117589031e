// Add an integration: the kind, its address and credential; tried before it is stored.

import { createIntegration } from "../core/api.js";
import { announce, button, element, update } from "../core/dom.js";
import { group, t } from "../core/language.js";
import { address, go, openDialog } from "../core/router.js";
import { AUTH_TYPES, INSTALLATIONS } from "../core/words.js";
import { credentialFields, textField } from "../parts/fields.js";
import { actions, closeButton, modal } from "../parts/modal.js";
import { notice, problemNotice } from "../parts/states.js";

const KINDS = { cloud: ["basic", "oauth2", "client_credentials"], server: ["pat", "basic", "oauth2", "oauth1", "client_credentials"] };
const WHERE = group("create_where");

/** Open the window. */
export function showCreate({ signal }) {
  const form = element("form", { class: "stack" });
  const said = element("div", {});
  const name = textField({ name: "connection_name", label: t("field.name"), required: true, hint: t("field.name_hint") });
  const url = textField({ name: "jira_server_url", label: t("field.url"), type: "url", required: true, placeholder: "https://example.atlassian.net" });
  const installation = choice("installation_type", t("create.jira"), INSTALLATIONS);
  const way = element("div", { class: "stack" });
  const save = element("button", { type: "submit", class: "primary" }, t("create.save"));
  let fields = [];
  let auth = null;

  const showWay = () => {
    auth = choice("auth_type", t("integration.authentication"), Object.fromEntries(KINDS[installation.value()].map((kind) => [kind, AUTH_TYPES[kind]])));
    const parts = element("div", { class: "stack" });
    const showParts = () => {
      fields = credentialFields({ installation_type: installation.value(), auth_type: auth.value() }, true);
      parts.replaceChildren(element("p", { class: "aside" }, WHERE[`${installation.value()}_${auth.value()}`]), ...fields.map(({ root }) => root));
    };
    auth.root.addEventListener("change", showParts);
    way.replaceChildren(auth.root, parts);
    showParts();
  };
  installation.root.addEventListener("change", showWay);

  async function store(event, untested) {
    event.preventDefault();
    save.disabled = true;
    update(said, element("p", { class: "aside", role: "status" }, t("common.trying")));
    const given = Object.fromEntries(fields.map(({ name: member, input }) => [member, input.value]));
    const body = { connection_name: name.input.value, installation_type: installation.value(), jira_server_url: url.input.value, auth_type: auth.value(), ...given };
    try {
      const made = await createIntegration(untested ? { ...body, skip_connection_test: true } : body);
      announce(t("create.added", { name: made.connection_name }));
      go(address(["integrations", made.connection_name]));
      if (made.auth_type.startsWith("oauth")) openDialog("authorise", made.connection_name);
    } catch (error) {
      save.disabled = false;
      const anyway = error.code === "jira_connection_failed" ? button(t("create.untested"), (click) => store(click, true)) : null;
      update(said, error.code === "integration_exists" ? notice("bad", t("create.exists"), t("create.exists_way")) : problemNotice(error), anyway);
    }
  }

  form.addEventListener("submit", (event) => store(event, false));
  form.append(name.root, installation.root, url.root, way, said, actions(closeButton(t("common.cancel")), save));
  showWay();
  modal({ title: t("integrations.add"), signal }, form);
}

/** Radio buttons: the first is chosen. */
function choice(name, label, words) {
  const inputs = Object.keys(words).map((value, place) => element("input", { type: "radio", name, id: `${name}-${value}`, value, checked: place === 0 }));
  const rows = inputs.map((input) => element("div", { class: "check-field" }, input, element("label", { for: input.id }, words[input.value])));
  return { root: element("fieldset", { class: "choice" }, element("legend", {}, label), rows), value: () => inputs.find(({ checked }) => checked).value };
}
