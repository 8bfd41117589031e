// Fields of a form, and what of them is to be sent.

import { element } from "../core/dom.js";

/** A labelled field; `hint` stands below it. */
export function textField({ name, label, value = "", type = "text", hint, required = false, placeholder }) {
  const input = element("input", {
    id: name,
    name,
    type,
    value,
    required,
    placeholder,
    autocomplete: type === "password" ? "new-password" : "off",
    spellcheck: "false",
    "aria-describedby": hint ? `${name}-hint` : null,
  });
  const root = element("div", { class: "field" }, element("label", { for: name }, label), input, hint ? element("p", { class: "aside", id: `${name}-hint` }, hint) : null);
  return { name, input, root };
}

const KEEP = "Leave empty to keep the present one.";

/** The fields by which an integration of this kind proves itself. */
export function credentialFields({ auth_type: authType, installation_type: installation, ...known }) {
  const secret = (name, label) => textField({ name, label, type: "password", hint: KEEP });
  switch (authType) {
    case "basic":
      return [
        textField({ name: "username", label: installation === "cloud" ? "E-mail address" : "User name", value: known.username ?? "", required: true }),
        secret("password", installation === "cloud" ? "API token" : "Password"),
      ];
    case "pat":
      return [secret("token", "Personal access token")];
    case "oauth1":
      return [textField({ name: "consumer_key", label: "Consumer key", value: known.consumer_key ?? "", required: true }), publicKey(known.public_key)];
    default:
      return [
        textField({ name: "client_id", label: "Client ID", value: known.client_id ?? "", required: true }),
        secret("client_secret", "Secret key"),
      ];
  }
}

function publicKey(text) {
  const input = element("textarea", { id: "public_key", readonly: true, rows: "6", spellcheck: "false" });
  input.value = text ?? "";
  const hint = element("p", { class: "aside" }, "Enter it in Jira's application link.");
  return { name: "public_key", input, root: element("div", { class: "field" }, element("label", { for: "public_key" }, "Public key"), input, hint) };
}

/** What was entered and differs from what the integration has; an empty secret is none. */
export function changes(integration, entered) {
  const { public_key: _shown, ...fields } = Object.fromEntries(entered);
  return Object.fromEntries(Object.entries(fields).filter(([name, value]) => value !== "" && value !== integration[name]));
}
