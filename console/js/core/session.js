// Who is looking: gets the access token that the API wants, and a new one when it has expired.
//
// `session.json` beside the page says how. A local run hands out a token; a deployed page signs people in through the
// stack's user pool (authorization code with PKCE). Tokens are kept in memory only: whatever reads the page's storage
// finds none, and a reload asks the user pool again, which remembers its people.

import { t } from "./language.js";

const PENDING = "ticket-status-sign-in";

/** Raised when nobody is signed in; `message` says why, for a person. */
export class SignedOutError extends Error {}

let signIn = null;
let accessToken = null;
let refreshToken = null;

/** Become somebody. Leaves the page when the user pool has to ask; otherwise the token is there afterwards. */
export async function begin() {
  const session = await readSession();
  if (accessToken) return;
  signIn = session.sign_in;
  const answer = new URLSearchParams(location.search);
  if (answer.has("code") || answer.has("error")) await finishSignIn(answer);
  else await goToSignIn();
}

/** The access token to call the API with. */
export function token() {
  return accessToken;
}

/** Whether the token has this scope (`read`, `refresh`, `register`, `admin`); what it may not is not offered. */
export function may(scope) {
  try {
    const payload = accessToken.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    const { scope: granted = "" } = JSON.parse(atob(payload));
    return granted.split(" ").includes(`ticketing/${scope}`);
  } catch {
    return true; // a token that cannot be read here: the API decides
  }
}

/** Get a new token after the API refused the old one. */
export async function renew() {
  if (!signIn) {
    await readSession();
  } else if (refreshToken) {
    await takeTokens({ grant_type: "refresh_token", refresh_token: refreshToken });
  } else {
    throw new SignedOutError(t("trouble.signed_out"));
  }
}

/** Whether there is anything to sign out of. */
export function canSignOut() {
  return signIn !== null;
}

/** Leave the user pool too. */
export function signOut() {
  const query = new URLSearchParams({ client_id: signIn.client_id, logout_uri: pageAddress() });
  location.assign(`${signIn.logout_url}?${query}`);
}

/** Go and sign in; where we were is where we come back to. */
export async function goToSignIn() {
  const verifier = randomText();
  const state = randomText();
  sessionStorage.setItem(PENDING, JSON.stringify({ verifier, state, place: location.hash }));
  const query = new URLSearchParams({
    response_type: "code",
    client_id: signIn.client_id,
    redirect_uri: pageAddress(),
    scope: signIn.scopes.join(" "),
    state,
    code_challenge_method: "S256",
    code_challenge: await challenge(verifier),
  });
  location.assign(`${signIn.authorize_url}?${query}`);
  await new Promise(() => {}); // the page is being left
}

async function readSession() {
  const answer = await fetch("session.json", { cache: "no-store" });
  if (!answer.ok) throw new SignedOutError(t("trouble.no_session"));
  const session = await answer.json();
  accessToken = session.access_token ?? null;
  return session;
}

async function finishSignIn(answer) {
  const pending = JSON.parse(sessionStorage.getItem(PENDING) ?? "null");
  sessionStorage.removeItem(PENDING);
  history.replaceState(null, "", `${location.pathname}${pending?.place ?? ""}`);
  if (answer.has("error") || answer.get("state") !== pending?.state) {
    throw new SignedOutError(t("trouble.sign_in_failed"));
  }
  await takeTokens({
    grant_type: "authorization_code",
    code: answer.get("code"),
    redirect_uri: pageAddress(),
    code_verifier: pending.verifier,
  });
}

async function takeTokens(grant) {
  const body = new URLSearchParams({ client_id: signIn.client_id, ...grant });
  const answer = await fetch(signIn.token_url, { method: "POST", body });
  if (!answer.ok) {
    refreshToken = null;
    throw new SignedOutError(t("trouble.signed_out"));
  }
  const tokens = await answer.json();
  accessToken = tokens.access_token;
  refreshToken = tokens.refresh_token ?? refreshToken;
}

function pageAddress() {
  return `${location.origin}${location.pathname.replace(/index\.html$/, "")}`;
}

function randomText() {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

async function challenge(verifier) {
  return base64url(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier))));
}

function base64url(bytes) {
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
