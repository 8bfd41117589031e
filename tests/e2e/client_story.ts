// What a program does with a TypeScript client that was generated from the API document.
//
// Its arguments are the API's base address, a file with a token and the account in Jira, and the keys of three issues.
// It prints what it saw as JSON. `tsc --strict` has read it before: a member, a word or an error that the document does
// not have ends there.

import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

import createClient from "openapi-fetch";

import type { components, paths } from "./ticket_api.js";

type Schemas = components["schemas"];
type Failure = Schemas["Problem"] | Schemas["GatewayError"];

const NAME = "typescript-client";
const PATIENCE_MS = 60_000;

/** The problem of an answer (RFC 9457); undefined when all is well, and for a 401, which has the gateway's own body. */
function problem(answer: { error?: Failure }): Schemas["Problem"] | undefined {
  return answer.error !== undefined && "code" in answer.error ? answer.error : undefined;
}

/** What is answered when all is well; the story ends with the problem otherwise. */
function well<T>(answer: { data?: T; error?: Failure; response: Response }): T {
  if (answer.data === undefined) throw new Error(`${answer.response.status} ${JSON.stringify(answer.error)}`);
  return answer.data;
}

/** What to do about a problem: programs switch on the code, and find what belongs to it. */
function advice(found: Schemas["Problem"] | undefined): string {
  switch (found?.code) {
    case "integration_not_found":
      return "create it first";
    case "invalid_request":
      return `mend ${found.errors?.map((one) => one.pointer).join(", ")}`;
    case "jira_connection_failed":
      return `look at ${found.checks?.find((one) => !one.ok)?.name}: ${found.reason_code}`;
    default:
      return `unexpected: ${found?.code}`;
  }
}

/** A whole life of an integration with three tickets. */
async function story(baseUrl: string, token: string, account: Account, keys: string[]): Promise<object> {
  const api = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${token}` } });
  const path = { connection_name: NAME };
  const body = { ...account, connection_name: NAME, installation_type: "cloud", auth_type: "basic" } as const;

  // Errors come with their type.
  const stranger = createClient<paths>({ baseUrl, headers: { Authorization: "Bearer nobody" } });
  const unauthorized = await stranger.GET("/jira-integrations");
  const missing = await api.GET("/jira-integrations/{connection_name}", { params: { path } });
  const invalid = await api.POST("/jira-integrations", { body: { ...body, connection_name: "bad name" } });
  const refused = await api.POST("/jira-integrations", { body: { ...body, password: "wrong" } });

  const created = well(await api.POST("/jira-integrations", { body }));
  const skipping = { params: { path }, body: { skip_proxy: true } };
  const edited = well(await api.PATCH("/jira-integrations/{connection_name}", skipping));
  const again = problem(await api.POST("/jira-integrations", { body }));

  const tickets = keys.map((key, index) => ({
    integration_name: NAME,
    issue_key: key,
    violation_id: `TYPED-${index + 1}`,
    created_at: new Date(Date.now() - index * 60_000).toISOString(),
    resource: { type: "build", name: "typed", version: "7" } as const,
  }));
  const stray = { ...tickets[0]!, integration_name: "nobody" };
  const registered = well(await api.POST("/tickets", { body: { tickets: [...tickets, stray] } }));

  const violation_ids = tickets.map((one) => one.violation_id);
  const statuses: Record<string, string | null> = {};
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await sleep(500)) {
    const { violations } = well(await api.POST("/violations/ticket-statuses", { body: { violation_ids } }));
    for (const [id, one] of Object.entries(violations)) statuses[id] = one.ticket_status;
    if (!Object.values(statuses).includes("Unknown")) break;
  }

  const refreshed = well(await api.POST("/violations/refresh", { body: { violation_ids } }));
  const outcomes = Object.values(refreshed.violations).flatMap((one) => one.tickets.map((each) => each.refresh.outcome));

  // Every page of a list, with a filter.
  const pages: string[][] = [];
  let next_token: string | undefined;
  do {
    const query = { integration_name: NAME, category: "new", limit: 2, ...(next_token && { next_token }) } as const;
    const page = well(await api.GET("/tickets", { params: { query } }));
    pages.push(page.tickets.map((one) => one.ticket_no));
    next_token = page.next_token;
  } while (next_token);
  const done = well(await api.GET("/tickets", { params: { query: { integration_name: NAME, category: "done" } } }));
  // @ts-expect-error - the compiler refuses a category that the document does not have; so does the API
  const unheard = await api.GET("/tickets", { params: { query: { integration_name: NAME, category: "doing" } } });

  const violation = { violation_id: violation_ids[0]! };
  const first = well(await api.GET("/violations/{violation_id}/tickets", { params: { path: violation } }));
  const gone = tickets.map(({ integration_name, issue_key, violation_id }) => ({
    integration_name,
    issue_key,
    violation_id,
  }));
  const unregistered = well(await api.POST("/tickets/unregister", { body: { tickets: gone } }));
  const after = await api.GET("/violations/{violation_id}/tickets", { params: { path: violation } });
  const deleted = await api.DELETE("/jira-integrations/{connection_name}", { params: { path } });

  return {
    unauthorized: [unauthorized.response.status, problem(unauthorized) ?? "no problem document"],
    missing: advice(problem(missing)),
    invalid: advice(problem(invalid)),
    refused: advice(problem(refused)),
    created: created.health.status,
    edited: edited.skip_proxy,
    again: again?.code,
    registered: [registered.registered, registered.rejected.map((one) => [one.index, one.code])],
    statuses,
    outcomes,
    pages,
    done: done.tickets.length,
    unheard: advice(problem(unheard)),
    found_in: first.resources,
    unregistered: unregistered.unregistered,
    after: problem(after)?.code,
    deleted: deleted.response.status,
  };
}

type Account = Pick<Schemas["CreateBasicIntegration"], "jira_server_url" | "username" | "password">;

const [address, file, ...issues] = process.argv.slice(2);
const given = JSON.parse(readFileSync(file!, "utf-8")) as { token: string; account: Account };
console.log(JSON.stringify(await story(address!, given.token, given.account, issues)));
