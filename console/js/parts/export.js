// Export a whole list as a file, page by page.

import { button, update } from "../core/dom.js";
import { t } from "../core/language.js";
import { count } from "../core/times.js";
import { download } from "./download.js";
import { notice, problemNotice } from "./states.js";

/** The button. `read(token)` answers [rows, next token]; `columns` are members of the rows. */
export function exportButton({ name, noun, columns, read, said, signal }) {
  const pressed = button(t("list.export"), press);
  return pressed;

  async function press() {
    pressed.disabled = true;
    try {
      const rows = [];
      let after;
      do {
        const [page, next] = await read(after);
        rows.push(...page);
        after = next;
        update(said, notice("plain", t("list.read", { rows: count(noun, rows.length) })));
      } while (after);
      download(name, columns, rows);
      update(said, notice("good", t("list.exported", { rows: count(noun, rows.length) })));
    } catch (error) {
      if (!signal.aborted) update(said, problemNotice(error));
    }
    pressed.disabled = false;
  }
}
