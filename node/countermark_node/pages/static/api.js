/** Requests to this node. Each ends within its time and becomes an answer or a Trouble, never anything else. */

import { language } from "./texts.js";

const SECONDS = 15;

/** Refusals of a page's nonce; the scan itself may come without one. */
export const NONCE_TROUBLES = new Set(["bad-page-nonce", "page-nonce-used"]);

/** Why a request gave no answer: `reason` is the problem document's, or "offline"; `nodeTime` where a clock is wrong. */
export class Trouble extends Error {
  constructor(reason, status = 0, retryAfter = 0, nodeTime = "") {
    super(reason);
    this.reason = reason;
    this.status = status;
    this.retryAfter = retryAfter;
    this.nodeTime = nodeTime;
  }
}

async function problemOf(response) {
  const document = await response.json().catch(() => ({}));
  const seconds = Number(response.headers.get("Retry-After")) || 0;
  return new Trouble(String(document.reason ?? "problem"), response.status, seconds, document.node_time);
}

/** The JSON answer of one request (null when it has no body). Throws Trouble. */
export async function ask(path, options = {}) {
  let response;
  try {
    response = await fetch(path, {
      ...options,
      headers: { Accept: "application/json", "Accept-Language": language, ...options.headers },
      signal: AbortSignal.timeout(SECONDS * 1000),
    });
  } catch {
    throw new Trouble("offline");
  }
  if (!response.ok) throw await problemOf(response);
  if (response.status === 204) return null;
  return response.json().catch(() => {
    throw new Trouble("offline");
  });
}

/** POST a JSON body. */
export function post(path, body, options = {}) {
  return ask(path, {
    ...options,
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
}
