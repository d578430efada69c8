// The one way browsers talk to /api/v1: JSON in and out, the page's CSRF token, and refusals as ApiError.

import { learn } from "lingfeng/clock";

/** A refusal, or no answer at all (`status` 0: the outcome is unknown, send the same idempotency key again). */
export class ApiError extends Error {
  constructor(status, { code, message, field, details } = {}, retryAfter) {
    super(message || code || String(status));
    this.name = "ApiError";
    this.status = status;
    this.code = code ?? "unreadable";
    this.field = field;
    this.details = details;
    this.retryAfter = retryAfter; // seconds, or undefined
  }

  get unknown() {
    return this.status === 0 || this.status >= 500;
  }
}

/** A fresh idempotency key. One intention, one key: keep it until the answer is final. */
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16)); // randomUUID() is missing on plain http
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Call `path` and return the JSON of its answer (null for none).
 * `key` becomes Idempotency-Key; `timeout` is in milliseconds. Throws ApiError, or AbortError when `signal` aborts.
 */
export async function call(method, path, body, { key, signal, timeout = 10_000 } = {}) {
  const headers = { Accept: "application/json", "Accept-Language": document.documentElement.lang || "zh-CN" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (key) headers["Idempotency-Key"] = key;
  if (method !== "GET") {
    const token = document.querySelector('meta[name="csrf-token"]')?.content;
    if (token) headers["X-CSRF-Token"] = token;
  }
  const abort = new AbortController();
  const late = setTimeout(() => abort.abort(), timeout);
  const stop = () => abort.abort();
  if (signal?.aborted) stop();
  signal?.addEventListener("abort", stop, { once: true });
  const sent = performance.now();
  try {
    const answer = await fetch(path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "same-origin",
      cache: "no-store",
      signal: abort.signal,
    });
    const text = await answer.text();
    let data = null;
    let readable = true;
    try {
      if (text) data = JSON.parse(text);
    } catch {
      readable = false; // a proxy's page, not ours
    }
    if (data?.server_time) learn(data.server_time, sent, performance.now());
    if (answer.ok && readable) return data;
    const wait = Number(answer.headers.get("Retry-After"));
    throw new ApiError(answer.status, data?.error, Number.isFinite(wait) && wait > 0 ? wait : undefined);
  } catch (error) {
    if (error instanceof ApiError) throw error;
    if (signal?.aborted) throw new DOMException("aborted by the page", "AbortError");
    throw new ApiError(0, { code: "no_answer", message: error.message });
  } finally {
    clearTimeout(late);
    signal?.removeEventListener("abort", stop);
  }
}

export const get = (path, options) => call("GET", path, undefined, options);
export const post = (path, body = {}, options) => call("POST", path, body, options);
export const put = (path, body, options) => call("PUT", path, body, options);
export const patch = (path, body, options) => call("PATCH", path, body, options);
export const remove = (path, options) => call("DELETE", path, undefined, options);
