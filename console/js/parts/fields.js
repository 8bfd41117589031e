// Fields of a form, and what of them is to be sent.

import { element } from "../core/dom.js";
import { t } from "../core/language.js";

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

/** The fields by which an integration of this kind proves itself; `known` is what it has already, if it is there. */
export function credentialFields({ auth_type: authType, installation_type: installation, ...known }, isNew = false) {
  const hint = isNew ? undefined : t("field.keep");
  const secret = (name, label) => textField({ name, label, type: "password", hint, required: isNew });
  const cloud = installation === "cloud";
  switch (authType) {
    case "basic":
      return [
        textField({ name: "username", label: cloud ? t("field.email") : t("field.user"), value: known.username ?? "", required: true }),
        secret("password", cloud ? t("field.api_token") : t("field.password")),
      ];
    case "pat":
      return [secret("token", t("field.pat"))];
    case "oauth1":
      return [textField({ name: "consumer_key", label: t("field.consumer_key"), value: known.consumer_key ?? "", required: true }), ...(isNew ? [] : [publicKey(known.public_key)])];
    default:
      return [
        textField({ name: "client_id", label: t("field.client_id"), value: known.client_id ?? "", required: true }),
        secret("client_secret", t("field.client_secret")),
      ];
  }
}

function publicKey(text) {
  const input = element("textarea", { id: "public_key", readonly: true, rows: "6", spellcheck: "false" });
  input.value = text ?? "";
  const hint = element("p", { class: "aside" }, t("field.public_key_hint"));
  return { name: "public_key", input, root: element("div", { class: "field" }, element("label", { for: "public_key" }, t("field.public_key")), input, hint) };
}

/** What was entered and differs from what the integration has; an empty secret is none. */
export function changes(integration, entered) {
  const { public_key: _shown, ...fields } = Object.fromEntries(entered);
  return Object.fromEntries(Object.entries(fields).filter(([name, value]) => value !== "" && value !== integration[name]));
}
