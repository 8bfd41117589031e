// Add an integration: the kind, its address and credential; tried before it is stored.

import { createIntegration } from "../core/api.js";
import { announce, button, element, update } from "../core/dom.js";
import { address, go, openDialog } from "../core/router.js";
import { AUTH_TYPES, INSTALLATIONS } from "../core/words.js";
import { textField } from "../parts/fields.js";
import { actions, closeButton, modal } from "../parts/modal.js";
import { notice, problemNotice } from "../parts/states.js";

const KINDS = { cloud: ["basic", "oauth2", "client_credentials"], server: ["pat", "basic", "oauth2", "oauth1", "client_credentials"] };
const WHERE = {
  cloud: {
    basic: "In Atlassian's account settings, under Security, make an API token for the account that reads the tickets.",
    oauth2: "In the Atlassian developer console, make an OAuth 2.0 app with the permissions of Jira; its client ID and secret are under Settings.",
    client_credentials: "In Atlassian's administration, make a service account and OAuth 2.0 credentials for it.",
  },
  server: {
    pat: "In Jira, under Profile, Personal Access Tokens, make a token for the account that reads the tickets.",
    basic: "The user name and password of the account that reads the tickets.",
    oauth2: "In Jira's administration, under Application links, make an incoming link (external application).",
    oauth1: "In Jira's administration, under Application links, make a link with this consumer key; the public key is shown afterwards.",
    client_credentials: "In Jira's administration, under Application links, make an incoming link that allows client credentials.",
  },
};

/** Open the window. */
export function showCreate({ signal }) {
  const form = element("form", { class: "stack" });
  const said = element("div", {});
  const name = textField({ name: "connection_name", label: "Name", required: true, hint: "Letters, digits, dots, underscores and hyphens. It cannot be changed later." });
  const url = textField({ name: "jira_server_url", label: "Jira address", type: "url", required: true, placeholder: "https://example.atlassian.net" });
  const installation = choice("installation_type", "Jira", INSTALLATIONS);
  const way = element("div", { class: "stack" });
  const save = element("button", { type: "submit", class: "primary" }, "Test and add");
  let fields = [];
  let auth = null;

  const showWay = () => {
    auth = choice("auth_type", "Authentication", Object.fromEntries(KINDS[installation.value()].map((kind) => [kind, AUTH_TYPES[kind]])));
    const parts = element("div", { class: "stack" });
    const showParts = () => {
      fields = credentials(installation.value(), auth.value());
      parts.replaceChildren(element("p", { class: "aside" }, WHERE[installation.value()][auth.value()]), ...fields.map(({ root }) => root));
    };
    auth.root.addEventListener("change", showParts);
    way.replaceChildren(auth.root, parts);
    showParts();
  };
  installation.root.addEventListener("change", showWay);

  async function store(event, untested) {
    event.preventDefault();
    save.disabled = true;
    update(said, element("p", { class: "aside", role: "status" }, "Trying the connection, then saving…"));
    const given = Object.fromEntries(fields.map(({ name: member, input }) => [member, input.value]));
    const body = { connection_name: name.input.value, installation_type: installation.value(), jira_server_url: url.input.value, auth_type: auth.value(), ...given };
    try {
      const made = await createIntegration(untested ? { ...body, skip_connection_test: true } : body);
      announce(`${made.connection_name} was added`);
      go(address(["integrations", made.connection_name]));
      if (made.auth_type.startsWith("oauth")) openDialog("authorise", made.connection_name);
    } catch (error) {
      save.disabled = false;
      const anyway = error.code === "jira_connection_failed" ? button("Add without testing", (click) => store(click, true)) : null;
      update(said, error.code === "integration_exists" ? notice("bad", "There is an integration of this name", "Choose another name.") : problemNotice(error), anyway);
    }
  }

  form.addEventListener("submit", (event) => store(event, false));
  form.append(name.root, installation.root, url.root, way, said, actions(closeButton("Cancel"), save));
  showWay();
  modal({ title: "Add an integration", signal }, form);
}

function credentials(installation, auth) {
  const secret = (name, label) => textField({ name, label, type: "password", required: true });
  switch (auth) {
    case "basic":
      return [textField({ name: "username", label: installation === "cloud" ? "E-mail address" : "User name", required: true }), secret("password", installation === "cloud" ? "API token" : "Password")];
    case "pat":
      return [secret("token", "Personal access token")];
    case "oauth1":
      return [textField({ name: "consumer_key", label: "Consumer key", required: true })];
    default:
      return [textField({ name: "client_id", label: "Client ID", required: true }), secret("client_secret", "Secret key")];
  }
}

/** Radio buttons: the first is chosen. */
function choice(name, label, words) {
  const inputs = Object.keys(words).map((value, place) => element("input", { type: "radio", name, id: `${name}-${value}`, value, checked: place === 0 }));
  const rows = inputs.map((input) => element("div", { class: "check-field" }, input, element("label", { for: input.id }, words[input.value])));
  return { root: element("fieldset", { class: "choice" }, element("legend", {}, label), rows), value: () => inputs.find(({ checked }) => checked).value };
}
