// Settings: the toggle t("column.retrieve"), what will happen, and Apply.

import { ApiError, getIntegration, getRun, listRuns, putSettings } from "../core/api.js";
import { announce, element, update } from "../core/dom.js";
import { rich, t } from "../core/language.js";
import { between, count, duration, moment } from "../core/times.js";
import { actions, closeButton, modal } from "../parts/modal.js";
import { poll } from "../parts/polling.js";
import { isGoing, outcome, runProgress } from "../parts/progress.js";
import { missingScopes } from "../parts/scopes.js";
import { loading, notice, problemNotice, trouble } from "../parts/states.js";

const RUNS_LOOKED_AT = 20;
const MOVING_MS = 700;

/** Open the window. */
export async function showSettings({ name, signal }) {
  const body = element("div", { class: "stack" }, loading("settings"));
  modal({ title: t("menu.settings"), subtitle: name, signal }, body);
  await fill();

  async function fill() {
    try {
      const [integration, runs] = await Promise.all([getIntegration(name, signal), listRuns(name, { limit: RUNS_LOOKED_AT }, signal)]);
      update(body, ...form(integration, runs.sync_runs, signal));
    } catch (error) {
      if (!signal.aborted) update(body, trouble(error, fill));
    }
  }
}

function form(integration, runs, signal) {
  const { connection_name: name } = integration;
  let on = integration.retrieve_jira_tickets;
  const toggle = element("input", { type: "checkbox", role: "switch", id: "retrieve", checked: on, "aria-describedby": "effect" });
  const effect = element("div", { id: "effect", "aria-live": "polite" });
  const said = element("div", {});
  const apply = element("button", { type: "submit", class: "primary" }, t("settings.apply"));
  const explain = () => {
    apply.disabled = toggle.checked === on;
    update(effect, expected(integration, on, toggle.checked, runs));
  };
  toggle.addEventListener("change", () => { update(said); explain(); });
  explain();

  async function submit(event) {
    event.preventDefault();
    apply.disabled = true;
    update(said);
    try {
      const answer = await putSettings(name, toggle.checked);
      on = answer.retrieve_jira_tickets;
      update(effect);
      await follow(name, answer, said, signal);
    } catch (error) {
      apply.disabled = false;
      update(said, refusal(name, error));
    }
  }

  return [
    element(
      "form",
      { class: "stack", on: { submit } },
      element("div", { class: "toggle" }, toggle, element("label", { for: "retrieve" }, t("column.retrieve"))),
      effect,
      said,
      actions(closeButton(), apply),
    ),
  ];
}

function refusal(name, error) {
  const lacking = error instanceof ApiError && error.code === "missing_scopes";
  return lacking ? missingScopes(name, error.problem.missing_scopes) : problemNotice(error);
}

/** What Apply will do, as far as it is known before. */
function expected(integration, is, wanted, runs) {
  if (is === wanted) return note(is ? t("settings.is_on") : t("settings.is_off"));
  if (!wanted) return note(t("settings.off"));
  return note(rich("settings.on", { estimate: estimate(runs) }), troubled(integration));
}

function note(...text) {
  return element("p", { class: "aside" }, text);
}

/** How much work it was before: the next time will be about as much. */
function estimate(runs) {
  const known = workBefore(runs);
  if (known.length === 0) return t("settings.unknown");
  const sum = (part) => known.reduce((total, run) => total + part(run), 0);
  const tickets = count("ticket", sum(({ progress }) => progress.tickets_done));
  const requests = count("request", sum(({ jira_requests: asked }) => asked));
  const time = duration(sum(({ started_at: from, completed_at: to }) => between(from, to)));
  const work = element("strong", {}, t("settings.work", { tickets, requests, time }));
  return element("span", {}, rich("settings.estimate", { work, moment: moment(known[0].started_at) }));
}

/** The last retrieval of all tickets; before there was one, those of the new tickets, which together were all. */
function workBefore(runs) {
  const whole = runs.filter(({ state, progress }) => state === "succeeded" && progress.tickets_total > 0);
  const last = whole.find(({ trigger }) => !["registered", "webhook", "recheck"].includes(trigger));
  return last ? [last] : whole;
}

function troubled({ health }) {
  return health.status === "FAULTY_CONFIGURATION" ? ` ${t("settings.on_broken")}` : null;
}

/** Show the run that switching on started, until it ends. */
async function follow(name, answer, said, signal) {
  if (!answer.run_id) {
    const on = answer.retrieve_jira_tickets;
    update(said, notice("good", on ? t("settings.was_on") : t("settings.was_off"), on ? t("settings.on_later") : t("settings.off_now")));
    return;
  }
  announce(t("settings.started"));
  poll(async () => {
    const run = await getRun(name, answer.run_id, signal);
    update(said, isGoing(run) ? element("div", { class: "notice plain" }, element("p", { class: "notice-title" }, t("settings.was_on")), runProgress(run)) : finished(run));
    return isGoing(run) ? MOVING_MS : null;
  }, (error) => {
    update(said, problemNotice(error));
    return null;
  }, signal);
}

function finished(run) {
  return run.state === "succeeded" ? notice("good", t("settings.finished"), outcome(run)) : notice("waiting", t("settings.was_on"), runProgress(run));
}
