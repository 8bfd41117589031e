// How far a sync run is.

import { element, quoted } from "../core/dom.js";
import { rich, t } from "../core/language.js";
import { sentence } from "../core/problems.js";
import { between, clock, count, duration } from "../core/times.js";
import { RUN_STATES } from "../core/words.js";
import { mark } from "./status.js";

const OUTCOMES = ["changed", "unchanged", "deleted", "inaccessible", "failed"];

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
  const text = known ? t("run.of", { done, tickets: count("ticket", total) }) : t("run.counting");
  const pause = run.state === "paused" && run.paused_until;
  return element(
    "div",
    { class: "run-progress" },
    element("progress", { max: known ? total : null, value: known ? done : null, "aria-label": label ?? t("run.label") }),
    element("span", { class: "aside" }, text),
    pause ? element("span", { class: "aside" }, rich("run.paused", { time: clock(run.paused_until) })) : null,
  );
}

function result(run) {
  return element(
    "div",
    { class: "run-result" },
    mark(RUN_STATES[run.state] ?? { word: run.state, tone: "off" }),
    element("span", { class: "aside" }, run.error ? quoted(sentence(run.error)) : counted(run)),
  );
}

function counted(run) {
  const counted = t("run.counted", { tickets: count("ticket", run.progress.tickets_done), changed: run.counts.changed });
  return run.completed_at ? t("run.in", { counted, time: duration(between(run.started_at, run.completed_at)) }) : counted;
}

/** What happened to the tickets of a run, in one sentence. */
export function outcome(run) {
  const parts = OUTCOMES.filter((name) => run.counts[name] > 0).map((name) => t(`outcome.${name}`, { n: run.counts[name] }));
  return parts.length ? sentence(parts.join(", ")) : t("run.none");
}
