// How far a sync run is.

import { element } from "../core/dom.js";
import { sentence } from "../core/problems.js";
import { between, clock, count, duration, figure } from "../core/times.js";
import { RUN_STATES } from "../core/words.js";
import { mark } from "./status.js";

/** Whether a run still goes on. */
export function isGoing(run) {
  return run !== null && (run.state === "running" || run.state === "paused");
}

/** A bar that moves while the run goes on; what it came to afterwards. */
export function runProgress(run, label) {
  return isGoing(run) ? bar(run, label) : result(run);
}

function bar(run, label) {
  const { tickets_done: done, tickets_total: total } = run.progress;
  const known = total > 0;
  const text = known ? `${figure(done)} of ${count(total, "ticket")}` : "Counting tickets…";
  const pause = run.state === "paused" && run.paused_until;
  return element(
    "div",
    { class: "run-progress" },
    element("progress", { max: known ? total : null, value: known ? done : null, "aria-label": label ?? "Retrieval" }),
    element("span", { class: "aside" }, text),
    pause ? element("span", { class: "aside" }, "Jira asked for a pause until ", clock(run.paused_until), "; it goes on by itself.") : null,
  );
}

function result(run) {
  const took = run.completed_at ? ` in ${duration(between(run.started_at, run.completed_at))}` : "";
  return element(
    "div",
    { class: "run-result" },
    mark(RUN_STATES[run.state] ?? { word: run.state, tone: "off" }),
    element("span", { class: "aside" }, run.error ? sentence(run.error) : `${counted(run)}${took}`),
  );
}

function counted(run) {
  const { changed } = run.counts;
  return `${count(run.progress.tickets_done, "ticket")}, ${figure(changed)} changed`;
}

/** What happened to the tickets of a run, in one sentence. */
export function outcome(run) {
  const named = { changed: "changed", unchanged: "unchanged", deleted: "deleted in Jira", inaccessible: "not visible", failed: "failed" };
  const parts = Object.entries(named)
    .filter(([name]) => run.counts[name] > 0)
    .map(([name, word]) => `${figure(run.counts[name])} ${word}`);
  return parts.length ? `${parts.join(", ")}.` : "No ticket had to be asked for.";
}
