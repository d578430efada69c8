// One connection of the page to /member: what happens to the member's orders, and sales that are watched.
//
//   on("order", (order) => …)        a notice, once each, in order; again after any outage. Returns a function that stops it.
//   on("resync", () => …)            what the page shows may be old (first connection, or too long away): ask the API again.
//   watch(itemId, (sale) => …)       an item of a flash sale: its state now and at every change and reconnection.
//   state                            a signal: "connecting", "online", "offline", "ended" (logged out elsewhere).
//   emit(event, body)                ask the server something; resolves with its acknowledgement.

import "socket.io"; // a classic bundle: it leaves `io` on the global object
import { signal } from "@preact/signals-core";
import { post } from "lingfeng/api";

export const state = signal("connecting");

const LONGEST = 10_000; // milliseconds between attempts, at most
const listeners = new Map(); // event → set of functions
const watched = new Map(); // item id → set of functions
let socket;
let seen; // { epoch, seq } of the last notice that was passed on
let syncing;
let again = false;
let attempts = 0; // since the page last knew all there is
let timer;
let pending = false; // an attempt is under way
let moving = false; // the server asked us to go elsewhere: nothing is wrong, so nothing is shown of it
let departure;

/** Hear `event`. Returns a function that ends it. */
export function on(event, listener) {
  if (!listeners.has(event)) listeners.set(event, new Set());
  listeners.get(event).add(listener);
  start();
  return () => listeners.get(event)?.delete(listener);
}

/** Hear about one item of a flash sale. Returns a function that ends it. */
export function watch(itemId, listener) {
  const id = String(itemId);
  const first = !watched.has(id);
  if (first) watched.set(id, new Set());
  watched.get(id).add(listener);
  start();
  if (socket.connected) look(id, first ? undefined : listener);
  return () => {
    const held = watched.get(id);
    if (!held?.delete(listener) || held.size) return;
    watched.delete(id);
    if (socket.connected) emit("unwatch", { item_id: id }).catch(() => {});
  };
}

/** Ask the server; resolves with the acknowledgement ({ ok, … }), rejects when none comes within ten seconds. */
export function emit(event, body) {
  start();
  return socket.timeout(10_000).emitWithAck(event, body);
}

function tell(event, payload) {
  for (const listener of [...(listeners.get(event) ?? [])]) {
    try {
      listener(payload);
    } catch (error) {
      reportError(error); // one island's fault is not the others'
    }
  }
}

function show(id, sale, only) {
  for (const listener of only ? [only] : [...(watched.get(id) ?? [])]) {
    try {
      listener(sale);
    } catch (error) {
      reportError(error);
    }
  }
}

async function look(id, only) {
  try {
    const sale = await emit("watch", { item_id: id });
    if (sale.ok && watched.has(id)) show(id, sale, only);
  } catch {
    // no answer: the connection is going, and its successor looks again
  }
}

function start() {
  if (socket) return;
  socket = globalThis.io("/member", {
    autoConnect: false,
    reconnection: false, // each attempt needs a fresh token, so it is timed here
    transports: ["websocket", "polling"],
    tryAllTransports: true,
  });
  socket.on("connect", () => {
    pending = moving = false;
    state.value = "online";
    for (const id of watched.keys()) look(id);
  });
  socket.on("ready", ready);
  socket.on("flash_sale", (sale) => show(String(sale.item_id), sale));
  socket.on("closed", () => (state.value = "ended"));
  socket.on("drain", ({ reconnect_after: wait }) => {
    clearTimeout(departure);
    departure = setTimeout(move, Math.max(0, Number(wait) || 0));
  });
  socket.onAny((event, payload) => {
    if (event !== "ready" && typeof payload?.seq === "number" && payload.epoch) heard(payload);
    else if (event !== "ready" && event !== "flash_sale" && event !== "drain") tell(event, payload);
  });
  socket.on("connect_error", (error) => retry(error.data?.retry_after));
  socket.on("disconnect", (reason) => {
    pending = false;
    clearTimeout(departure);
    if (moving) connect();
    else if (reason === "io server disconnect") state.value = "ended"; // logged out or banned: coming back changes nothing
    else retry();
  });
  addEventListener("online", hurry);
  addEventListener("offline", () => state.value === "ended" || (state.value = "offline"));
  addEventListener("pageshow", (event) => event.persisted && hurry());
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && hurry());
  connect();
}

async function connect() {
  if (pending || socket.connected || state.value === "ended") return;
  clearTimeout(timer);
  pending = true;
  try {
    const { token } = await post("/api/v1/realtime/tokens");
    socket.auth = { token };
    socket.connect();
  } catch (error) {
    retry(error.retryAfter);
  }
}

// Half of the wait is chance, so that the clients of a process that went do not all come back at one moment.
function retry(seconds = 0) {
  pending = false;
  if (state.value === "ended") return;
  if (moving) moving = false; // the first attempt elsewhere failed: the next may still come before anybody minds
  else state.value = attempts ? "offline" : "connecting";
  const wait = Math.min(LONGEST, 500 * 2 ** Math.min(attempts++, 10));
  clearTimeout(timer);
  timer = setTimeout(connect, Math.max(seconds * 1000, wait / 2) + (Math.random() * wait) / 2);
}

// The process that we are connected to is about to stop, and it said when we may go: each page at another moment.
function move() {
  if (!socket.connected) return;
  moving = true;
  socket.disconnect();
}

function hurry() {
  if (socket.connected) state.value = "online";
  else connect();
}

function ready(head) {
  if (seen?.epoch === head.epoch && head.seq > seen.seq) {
    sync();
    return;
  }
  attempts = 0;
  if (!seen || seen.epoch !== head.epoch || head.seq < seen.seq) {
    seen = { epoch: head.epoch, seq: head.seq };
    tell("resync");
  }
}

function heard(notice) {
  if (!seen || notice.epoch !== seen.epoch) return; // its `ready` is on the way
  if (notice.seq === seen.seq + 1) {
    seen.seq = notice.seq;
    tell(notice.kind, notice);
  } else if (notice.seq > seen.seq) {
    sync();
  }
}

async function sync() {
  again = true;
  if (syncing) return;
  syncing = true;
  try {
    while (again) {
      again = false;
      let page;
      do {
        page = await emit("sync", { epoch: seen.epoch, seq: seen.seq });
        if (!page.ok) throw new Error(page.code);
        if (page.reset || page.epoch !== seen.epoch) {
          seen = { epoch: page.epoch, seq: page.seq };
          while (page.more) {
            page = await emit("sync", seen);
            if (!page.ok) throw new Error(page.code);
            seen = { epoch: page.epoch, seq: page.seq };
          }
          tell("resync");
        } else {
          for (const notice of page.events) heard(notice);
        }
      } while (page.more);
    }
    attempts = 0;
  } catch {
    again = false;
    if (socket.connected) socket.disconnect(); // begin again from `ready`
  } finally {
    syncing = false;
  }
}
