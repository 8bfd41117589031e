// What stands where there is nothing to show: loading, nothing there, trouble.

import { button, element } from "../core/dom.js";
import { t } from "../core/language.js";
import { words } from "../core/problems.js";
import { goToSignIn, SignedOutError } from "../core/session.js";

/** While the first answer (`integrations`, say) is awaited. It appears only after a moment, so that quick answers do not flicker. */
export function loading(what) {
  return element("div", { class: "state loading", role: "status", data: { key: "loading" } }, element("span", { class: "spinner" }), t(`loading.${what}`));
}

/** A list without entries, and what to do about it. */
export function empty(title, text, ...more) {
  return element("div", { class: "state", data: { key: "empty" } }, element("p", { class: "state-title" }, title), element("p", {}, text), ...more);
}

/** Something did not work; with `again` it can be tried again. */
export function trouble(error, again) {
  const { title, text } = words(error);
  return element(
    "div",
    { class: "state trouble", role: "alert", data: { key: "trouble" } },
    element("p", { class: "state-title" }, title),
    element("p", {}, text),
    error instanceof SignedOutError ? button(t("nav.sign_in"), goToSignIn, { class: "primary" }) : null,
    again && !(error instanceof SignedOutError) ? button(t("common.again"), again) : null,
  );
}

/** A short note in the place where its cause is. `tone`: good, bad, waiting or plain. */
export function notice(tone, title, ...text) {
  const role = tone === "bad" ? "alert" : "status";
  return element(
    "div",
    { class: `notice ${tone}`, role, data: { key: `notice ${title}` } },
    element("p", { class: "notice-title" }, title),
    text.length ? element("div", {}, ...text) : null,
  );
}

/** The note for an error. */
export function problemNotice(error) {
  const { title, text } = words(error);
  return notice("bad", title, text);
}
