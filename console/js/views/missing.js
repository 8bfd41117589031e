// An address that leads nowhere.

import { link, update } from "../core/dom.js";
import { t } from "../core/language.js";
import { heading } from "../parts/heading.js";
import { empty } from "../parts/states.js";

/** Show the way back. */
export function showMissing({ root }) {
  update(root, heading({ name: t("missing.name") }), empty(t("missing.title"), "", link("#/overview", {}, t("missing.way"))));
}
