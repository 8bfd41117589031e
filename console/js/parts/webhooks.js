// The webhooks of the integrations on a page: whether each is live, and when Jira delivered last.

import { getWebhook } from "../core/api.js";

/** The webhook of each integration, by name; none for one that cannot be read: it is beside the point of the page. */
export async function webhooksOf(names, signal) {
  const read = (name) => getWebhook(name, signal).catch((error) => {
    if (signal.aborted) throw error;
    return null;
  });
  return new Map(await Promise.all([...names].map(async (name) => [name, await read(name)])));
}

/** When Jira last delivered for these integrations; null unless all of them are live. */
export async function lastDelivery(names, signal) {
  const webhooks = [...(await webhooksOf(names, signal)).values()];
  return webhooks.every((webhook) => webhook?.state === "live") ? webhooks.map((webhook) => webhook.last_delivery_at).toSorted().at(-1) : null;
}
