// An address that leads nowhere.

import { link, update } from "../core/dom.js";
import { heading } from "../parts/heading.js";
import { empty } from "../parts/states.js";

/** Show the way back. */
export function showMissing({ root }) {
  update(root, heading({ name: "Nothing here" }), empty("This address leads nowhere", "", link("#/scans", {}, "Go to the Scans List")));
}
