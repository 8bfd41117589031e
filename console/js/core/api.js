// The documented API (docs/openapi.yaml), one function for each operation that the page uses.

import { t } from "./language.js";
import { renew, SignedOutError, token } from "./session.js";

const BASE = "api/v1/ticketing";
const PATIENCE_MS = 40_000; // the API answers within 25 seconds

/** Raised when the API does not do what was asked; `code` and `problem` are those of its problem document. */
export class ApiError extends Error {
  constructor(status, problem, retryAfter) {
    super(problem.detail ?? problem.message ?? `status ${status}`);
    this.status = status;
    this.problem = problem;
    this.code = problem.code ?? (status === 401 ? "unauthorized" : "no_answer");
    this.retryAfter = retryAfter;
  }
}

/** Raised when there was no answer at all. */
export class UnreachableError extends Error {}

async function call(method, path, { query = {}, body, signal } = {}) {
  const first = await send(method, path, query, body, signal);
  if (first.status !== 401) return read(first);
  await renew();
  const second = await send(method, path, query, body, signal);
  if (second.status === 401) throw new SignedOutError(t("trouble.signed_out"));
  return read(second);
}

async function send(method, path, query, body, signal) {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== "");
  const suffix = given.length ? `?${new URLSearchParams(given)}` : "";
  const headers = { Authorization: `Bearer ${token()}`, Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const patience = AbortSignal.timeout(PATIENCE_MS);
  try {
    return await fetch(`${BASE}${path}${suffix}`, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: signal ? AbortSignal.any([signal, patience]) : patience,
      cache: "no-store",
    });
  } catch (error) {
    if (signal?.aborted) throw error; // nobody waits for the answer any more
    throw new UnreachableError(error.message);
  }
}

async function read(answer) {
  const document = await answer.json().catch(() => ({}));
  if (answer.ok) return document;
  throw new ApiError(answer.status, document, Number(answer.headers.get("Retry-After")) || null);
}

const integration = (name) => `/jira-integrations/${encodeURIComponent(name)}`;
const violation = (id) => `/violations/${encodeURIComponent(id)}`;

export const listResources = (query, signal) => call("GET", "/resources", { query, signal });
export const listViolations = (query, signal) => call("GET", "/violations", { query, signal });
export const violationTickets = (id, signal) => call("GET", `${violation(id)}/tickets`, { signal });
export const refreshViolations = (ids, signal) => call("POST", "/violations/refresh", { body: { violation_ids: ids }, signal });
export const findTickets = (query, signal) => call("GET", "/tickets", { query, signal });
export const refreshTickets = (id, signal) => call("POST", `${violation(id)}/tickets/refresh`, { signal });

export const listIntegrations = (query, signal) => call("GET", "/jira-integrations", { query, signal });
export const getIntegration = (name, signal) => call("GET", integration(name), { signal });
export const createIntegration = (body) => call("POST", "/jira-integrations", { body });
export const deleteIntegration = (name) => call("DELETE", integration(name));
export const getSummary = (name, signal) => call("GET", `${integration(name)}/summary`, { signal });
export const listPastSummaries = (name, query, signal) => call("GET", `${integration(name)}/summary/history`, { query, signal });
export const recheckTickets = (name) => call("POST", `${integration(name)}/tickets/recheck`);
export const getWebhook = (name, signal) => call("GET", `${integration(name)}/webhook`, { signal });
export const setUpWebhook = (name, mode) => call("PUT", `${integration(name)}/webhook`, { body: { mode } });
export const deleteWebhook = (name) => call("DELETE", `${integration(name)}/webhook`);
export const editIntegration = (name, body) => call("PATCH", integration(name), { body });
export const putSettings = (name, on) => call("PUT", `${integration(name)}/settings`, { body: { retrieve_jira_tickets: on } });
export const testIntegration = (name) => call("POST", `${integration(name)}/test`);
export const authorize = (name, kind) => call("POST", `${integration(name)}/${kind}/authorization`);
export const startSync = (name) => call("POST", `${integration(name)}/sync`);
export const listRuns = (name, query, signal) => call("GET", `${integration(name)}/sync-runs`, { query, signal });
export const getRun = (name, id, signal) =>
  call("GET", `${integration(name)}/sync-runs/${encodeURIComponent(id)}`, { signal });
