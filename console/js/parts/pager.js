// Pages of a list. The API gives the way forward only; the way back is what we came along.

import { button, element } from "../core/dom.js";
import { address, go } from "../core/router.js";

const before = new Map(); // the page that each page was come to from

/** The buttons below a list; nothing when it is all on one page. */
export function pager({ segments, query }, nextToken) {
  const here = query.after ?? "";
  if (!here && !nextToken) return null;
  const to = (after) => address(segments, { ...query, after });
  const forward = () => {
    before.set(nextToken, here);
    go(to(nextToken));
  };
  return element(
    "nav",
    { class: "pager", "aria-label": "Pages" },
    button("First page", () => go(to("")), { disabled: !here }),
    button("Previous", () => go(to(before.get(here))), { disabled: !before.has(here) }),
    button("Next", forward, { disabled: !nextToken }),
  );
}
