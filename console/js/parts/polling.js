// Looking again: only while somebody looks at the page.

/**
 * Call `look` now, and again after as many milliseconds as it answers (null ends it). Errors go to `failed`, which
 * says the same. `place.signal` ends it; `again` of the result looks at once.
 */
export function poll(look, failed, signal) {
  let timer = null;
  let turn = 0;
  const run = async () => {
    clearTimeout(timer);
    const mine = ++turn;
    let wait;
    try {
      wait = await look();
    } catch (error) {
      if (signal.aborted) return;
      wait = failed(error);
    }
    if (signal.aborted || mine !== turn || wait === null || wait === undefined) return;
    timer = setTimeout(whenSeen, wait);
  };
  const whenSeen = () => {
    if (document.visibilityState === "visible") run();
    else document.addEventListener("visibilitychange", whenSeen, { once: true, signal });
  };
  signal.addEventListener("abort", () => clearTimeout(timer));
  run();
  return { again: run };
}
