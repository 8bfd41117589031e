// What is known of integrations: summary, webhook, runs, and what these counted.
//
// For each of the integrations on a page (50) it asks once for each of the four, the last two page by page, six
// integrations at a time; afterwards only for those that the list shows to have changed.

import { getSummary, getWebhook, listPastSummaries, listRuns } from "../core/api.js";

const AT_ONCE = 6;
const LARGEST_PAGE = 100;
const MOST_PAGES = 5;
const QUIET_MS = 300_000; // numbers move a little without a run: by the button, by webhooks
const DAY_MS = 86_400_000;

/** Bring what is known of these integrations up to date, a few at a time; only what may have changed is asked for. */
export async function bring(known, integrations, days, signal) {
  const names = new Set(integrations.map(({ connection_name: name }) => name));
  for (const name of known.keys()) if (!names.has(name)) known.delete(name);
  const waiting = integrations.filter((integration) => isStale(known.get(integration.connection_name), integration));
  const work = async () => {
    for (let one = waiting.shift(); one; one = waiting.shift()) known.set(one.connection_name, await standing(one, days, signal));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

function isStale(standing, integration) {
  return !standing || standing.state !== stateOf(integration) || Date.now() > standing.asked + QUIET_MS;
}

function stateOf({ health, paused_until: paused, retrieve_jira_tickets: on, last_sync: run }) {
  return JSON.stringify([health.status, health.since, health.warnings, paused, on, run?.run_id, run?.state]);
}

async function standing(integration, days, signal) {
  const name = integration.connection_name;
  const orNothing = (error) => {
    if (signal.aborted) throw error;
    return null; // one that cannot be read does not hide the others
  };
  const begin = new Date(Date.now() - days * DAY_MS);
  const [summary, webhook, runs, past] = await Promise.all([
    getSummary(name, signal).catch(orNothing),
    getWebhook(name, signal).catch(orNothing),
    since(begin, async (query) => runsOf(await listRuns(name, query, signal))).catch(orNothing),
    since(begin, async (query) => pastOf(await listPastSummaries(name, query, signal))).catch(orNothing),
  ]);
  return { name, integration, summary, webhook, runs: runs?.found ?? [], cut: runs?.cut ?? null, past: past?.found ?? [], state: stateOf(integration), asked: Date.now() };
}

function runsOf({ sync_runs: runs, next_token: next }) {
  return { found: runs, next, oldest: runs.at(-1)?.started_at };
}

function pastOf({ history, next_token: next }) {
  return { found: history, next, oldest: history.at(-1)?.as_of };
}

/** What a list has since then, newest first; `cut` is when the oldest was, if there was more than the page reads. */
async function since(begin, list) {
  const found = [];
  let [after, oldest] = [undefined, null];
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const answer = await list({ limit: LARGEST_PAGE, next_token: after });
    found.push(...answer.found);
    after = answer.next;
    oldest = answer.oldest ?? oldest;
    if (!after || (oldest && new Date(oldest) < begin)) return { found, cut: null };
  }
  return { found, cut: oldest };
}
