// The words for what the API's codes mean: the same in every view.

export const RESOURCE_TYPES = {
  artifact: { one: "Artifact", many: "Artifacts" },
  build: { one: "Build", many: "Builds" },
  release_bundle: { one: "Release bundle", many: "Release bundles" },
};

/** Why a status is Unknown: in the cell, and on hover. */
export const UNKNOWN = {
  DELETED: ["Deleted in Jira", "The ticket does not exist in Jira any more. It is not asked for again."],
  INACCESSIBLE: [
    "Not visible in Jira",
    "Jira does not show the ticket to the integration's account. Every retrieval asks for it again.",
  ],
  INTEGRATION_BROKEN: [
    "Integration is broken",
    "The integration does not work. The status returns by itself once it works again and the ticket was retrieved.",
  ],
  INTEGRATION_NOT_FOUND: ["Integration was deleted", "The integration that created the ticket does not exist any more."],
  TOO_OLD: ["Older than a year", "The ticket was created more than a year ago. It was never retrieved, and is not asked for."],
  NOT_RETRIEVED_YET: ["Not retrieved yet", "The ticket was not retrieved since it was registered, or since retrieval was switched on."],
};

/** Why a ticket is not refreshed, as a standing fact of it. */
export const REFRESH_STATES = {
  outside_window: "Created more than a year ago: no longer refreshed",
  retrieval_disabled: "Retrieval is switched off",
};

/** What a refresh came to for one ticket, when it did not ask Jira or got no answer. */
export const REFRESH_REASONS = {
  outside_window: "Not asked: created more than a year ago",
  deleted: "Not asked: deleted in Jira",
  retrieval_disabled: "Not asked: retrieval is switched off for its integration",
  fresh: "Not asked: retrieved less than 10 seconds ago",
  rate_limited: "Put off: Jira asked for a pause. Refresh again in a while",
  integration_broken: "Not refreshed: its integration is broken. Test it under Integrations",
  jira_unavailable: "Not refreshed: Jira does not answer. Refresh again in a while",
  integration_not_found: "Not asked: its integration was deleted",
  issue_unavailable: "Not refreshed: Jira fails on this one issue",
  too_many: "Put off: the violation has more than a thousand tickets",
};

export const INSTALLATIONS = { cloud: "Jira Cloud", server: "Jira Server or Data Center" };
export const AUTH_TYPES = {
  basic: "Basic",
  pat: "Personal access token",
  oauth1: "OAuth 1.0a",
  oauth2: "OAuth 2.0",
  client_credentials: "Service account",
};

export const HEALTH = {
  HEALTHY_INTEGRATION: { word: "Healthy", tone: "good" },
  FAULTY_CONFIGURATION: { word: "Broken", tone: "bad" },
  PENDING_AUTHORIZATION: { word: "Waits for authorisation", tone: "waiting" },
};

export const RUN_STATES = {
  running: { word: "Running", tone: "active" },
  paused: { word: "Paused", tone: "waiting" },
  succeeded: { word: "Succeeded", tone: "good" },
  failed: { word: "Failed", tone: "bad" },
  cancelled: { word: "Cancelled", tone: "off" },
};

export const TRIGGERS = {
  schedule: "Schedule",
  on_call: "On call",
  api: "By hand",
  enabled: "Switched on",
  recovered: "Recovered",
  registered: "New tickets",
  webhook: "Webhook",
  recheck: "Recheck",
};

export const CATEGORIES = { new: "To do", indeterminate: "In progress", done: "Done" };

export const WEBHOOKS = {
  off: { word: "Off", tone: "off" },
  awaiting: { word: "Set up, nothing came yet", tone: "waiting" },
  live: { word: "Live", tone: "good" },
  silent: { word: "Silent", tone: "bad" },
  failing: { word: "Losing deliveries", tone: "bad" },
  expired: { word: "Expired", tone: "bad" },
};

export const CHECKS = {
  reachable: "The site can be reached",
  is_jira: "It is Jira",
  authenticated: "The credentials are accepted",
  scopes: "The granted permissions suffice",
  can_read_issues: "Tickets can be read",
};

/** How an integration connects, in a few words. */
export function kind(integration) {
  return `${INSTALLATIONS[integration.installation_type]} · ${AUTH_TYPES[integration.auth_type]}`;
}
