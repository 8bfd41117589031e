// Test Integration: asks the API to try the connection, and shows its five checks.

import { testIntegration } from "../core/api.js";
import { announce, element, quoted, update } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { group, t } from "../core/language.js";
import { sentence } from "../core/problems.js";
import { CHECKS } from "../core/words.js";
import { missingScopes } from "./scopes.js";
import { notice, problemNotice } from "./states.js";

const LOOKS = group("check_look");

/** Try the connection and show what was found in `place`; answers the finding, or null when nothing was found out. */
export async function tryConnection(name, place) {
  update(place, list(Object.keys(CHECKS).map((check) => ({ name: check, waiting: true }))));
  place.setAttribute("aria-busy", "true");
  announce(t("test.testing"));
  try {
    const found = await testIntegration(name);
    update(place, list(found.checks), verdict(name, found));
    return found;
  } catch (error) {
    update(place, problemNotice(error));
    return null;
  } finally {
    place.removeAttribute("aria-busy");
  }
}

function list(checks) {
  const firstBad = checks.findIndex(({ ok }) => ok === false);
  return element("ul", { class: "checks" }, checks.map((check, place) => line(check, check.ok === false && place > firstBad)));
}

function line({ name, ok, waiting, detail }, afterBad) {
  const look = waiting ? "waiting" : ok ? "yes" : afterBad && /not tried/i.test(detail) ? "skipped" : "no";
  return element(
    "li",
    { class: `check ${look}` },
    waiting ? element("span", { class: "spinner" }) : icon(look),
    element("span", {}, element("span", { class: "hidden-text" }, `${LOOKS[look]}: `), CHECKS[name] ?? name, detail ? element("span", { class: "aside" }, quoted(sentence(detail))) : null),
  );
}

function verdict(name, found) {
  if (found.missing_scopes.length) return missingScopes(name, found.missing_scopes);
  if (found.status === "HEALTHY_INTEGRATION") return notice("good", t("test.works"), t("test.works_way"));
  return notice("bad", t("test.fails"), found.reason ? quoted(sentence(found.reason)) : sentence(t("test.fails_way")));
}
