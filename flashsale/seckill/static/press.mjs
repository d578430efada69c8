// One member's way through one sale: ticket, challenge, attempt, answer. What is asked for is asked under one key until
// the answer is final; the key lies in sessionStorage, so a reload asks on instead of asking anew.

import { get, newKey, post, remove } from "lingfeng/api";
import { serverNow } from "lingfeng/clock";

const FINAL = new Set(["sold_out", "limit_reached", "ended", "paused", "address_missing", "attempt_void", "not_started"]);
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/** Whether what the server says of a member answers an earlier refusal, so that it would only contradict the rest. */
function answered(refusal, before, own) {
  return refusal.code === "address_missing" ? own.has_address : refusal.code === "limit_reached" && own.taken < (before?.taken ?? 0);
}

/** Resolves after `ms`, and not before the device is online; at once when it comes back. */
function waitOnline(ms) {
  if (navigator.onLine) return sleep(ms);
  return new Promise((done) => addEventListener("online", () => done(), { once: true }));
}

/**
 * `changed()` is called whenever a field of the returned object has changed:
 * step (idle, sending, asking, queued, won), tries, refusal ({code, message, quantity}), ticket, image, typed, preparing, own.
 * `refused(code, quantity)` hears of a refusal first and may take its time: until it is done the button is not offered again.
 */
export function buyer({ item, member, worker, own, changed, refused }) {
  const base = `/api/v1/flash-sales/${item.item_id}`;
  const place = `lf:seckill:${item.item_id}:${member}`;
  const self = {
    step: own?.status === "held" ? "won" : "idle",
    own,
    tries: 0,
    refusal: null,
    ticket: null,
    image: null,
    typed: "",
    preparing: false,
    answered: false,
    login: false,
  };
  let solving; // promise of the answer to the ticket's challenge
  let asking; // promise of a ticket
  let pending = read();
  let stop = 0; // rises when an outcome came another way
  let nudge; // wakes a queued attempt's poll

  function read() {
    try {
      return JSON.parse(sessionStorage.getItem(place)) ?? null;
    } catch {
      return null;
    }
  }

  function keep(intent) {
    pending = intent;
    try {
      if (intent) sessionStorage.setItem(place, JSON.stringify(intent));
      else sessionStorage.removeItem(place);
    } catch {
      // storage is closed to this page: a reload asks the server what was won
    }
  }

  function set(fields) {
    Object.assign(self, fields);
    changed();
  }

  function solve(challenge) {
    return new Promise((done, fail) => {
      const thread = new Worker(worker, { type: "module" });
      thread.addEventListener("message", ({ data }) => {
        thread.terminate();
        done(data.answer);
      });
      thread.addEventListener("error", (event) => {
        thread.terminate();
        fail(new Error(event.message || "worker"));
      });
      thread.postMessage({ id: 1, prefix: challenge.prefix, bits: challenge.bits });
    });
  }

  /** Have a ticket that will last a little, and begin with its challenge. */
  async function prepare(fresh = false) {
    if (!fresh && self.ticket && Date.parse(self.ticket.expires_at) - serverNow() > 5000) return self.ticket;
    asking ??= (async () => {
      set({ preparing: true });
      try {
        const ticket = await post(`${base}/tickets`);
        const kind = ticket.challenge?.kind;
        solving = kind === "pow" ? solve(ticket.challenge) : undefined;
        set({ answered: !solving });
        solving?.then(() => set({ answered: true }), () => set({ ticket: null }));
        set({ ticket, image: kind === "captcha" ? ticket.challenge.image : null, typed: "" });
        return ticket;
      } finally {
        asking = undefined;
        set({ preparing: false });
      }
    })();
    return asking;
  }

  /** Press the button. Does nothing while an earlier press has no final answer. */
  async function press(quantity) {
    if (self.step !== "idle") return;
    const captcha = self.ticket?.challenge?.kind === "captcha";
    if (captcha && self.typed.trim().length < 5) return set({ refusal: { code: "captcha" } });
    // A key is used again after a refusal, which binds nothing; only a win uses it up.
    const intent = { key: pending?.key ?? newKey(), quantity, open: true };
    if (captcha) Object.assign(intent, { ticket: self.ticket.ticket, answer: self.typed.trim() });
    keep(intent);
    await run(intent);
  }

  async function answerOf(intent) {
    if (intent.ticket) return { ticket: intent.ticket, answer: intent.answer };
    const ticket = await prepare();
    const answer = solving ? await solving : undefined;
    return answer === undefined ? { ticket: ticket.ticket } : { ticket: ticket.ticket, answer };
  }

  async function run(intent) {
    const mine = ++stop;
    let renewed = 0;
    let early = 0;
    set({ step: "sending", refusal: null, tries: 0 });
    while (mine === stop) {
      try {
        const body = { ...(await answerOf(intent)), quantity: intent.quantity };
        let result = await post(`${base}/attempts`, body, { key: intent.key, timeout: 8000 });
        if (mine !== stop) return;
        if (result.status === "queued") result = await queued(result.attempt_id, mine);
        if (mine !== stop) return;
        if (result.status === "won") return won({ ...result, quantity: intent.quantity });
        if (result.status === "refused") return refuse(intent, { code: result.code });
        set({ step: "asking", tries: self.tries + 1 }); // interrupted: withdrawn, the same key may win
        await sleep(300);
      } catch (error) {
        if (mine !== stop) return;
        if (error.unknown || error.status === 429) {
          set({ step: "asking", tries: self.tries + 1 });
          const wait = Math.min(8000, 400 * 2 ** Math.min(self.tries, 5));
          await waitOnline(Math.max((error.retryAfter ?? 0) * 1000, wait / 2) + (Math.random() * wait) / 2);
        } else if ((error.code === "ticket_expired" || error.code === "ticket_invalid") && !intent.ticket && renewed++ < 2) {
          self.ticket = null;
        } else if (error.code === "challenge_failed" && !intent.ticket && renewed++ < 2) {
          self.ticket = null;
        } else if (error.code === "not_started" && early++ < 20) {
          await sleep(150 + Math.random() * 100);
        } else {
          return refuse(intent, error);
        }
      }
    }
  }

  /** Ask how a queued attempt stands until it stands no more; a push makes it ask at once. */
  async function queued(attempt, mine) {
    set({ step: "queued" });
    for (let wait = 400; mine === stop; wait = Math.min(3000, wait * 1.4)) {
      await Promise.race([sleep(wait), new Promise((done) => (nudge = done))]);
      try {
        const state = await get(`${base}/attempts/${encodeURIComponent(attempt)}`);
        if (state.status !== "queued") return state;
      } catch (error) {
        if (!error.unknown && error.status !== 429) throw error;
        await waitOnline(error.retryAfter ? error.retryAfter * 1000 : 500);
      }
    }
    return { status: "over" };
  }

  function won(result) {
    keep(null);
    self.own = {
      ...(self.own ?? {}),
      status: "held",
      order_no: result.order_no,
      amount: result.amount,
      pay_before: result.pay_before,
      quantity: result.quantity,
      send_to: self.own?.send_to ?? undefined, // not known, until it is asked for below
      taken: (self.own?.taken ?? 0) + result.quantity,
    };
    set({ step: "won", refusal: null });
    look();
  }

  async function refuse(intent, error) {
    const code = error.code ?? "unreadable";
    const stale = code === "challenge_failed" || code === "ticket_expired" || code === "ticket_invalid";
    // A mismatch says that this key has won with another quantity: what was won is asked for below. A void win has used
    // its key up as well.
    const spent = code === "idempotency_mismatch" || code === "attempt_void";
    keep(spent ? null : { key: intent.key, open: false });
    if (code === "limit_reached") await look(); // first what the member has, then the button that follows from it
    await refused(code, intent.quantity);
    set({ step: "idle", refusal: { code, message: error.message, quantity: intent.quantity }, login: error.status === 401 });
    if (stale) await prepare(true).catch(() => {});
    if (!FINAL.has(code)) await look();
  }

  /** Ask the server what the member has; the answer stands above what this page believes. */
  async function look() {
    if (!member) return;
    try {
      const own = await get(`${base}/mine`);
      if (self.refusal && answered(self.refusal, self.own, own)) self.refusal = null;
      self.own = own;
      if (own.status === "held" && (self.step === "won" || pending?.open)) {
        if (pending?.open) stop++;
        keep(null);
        set({ step: "won", refusal: null });
      } else if (self.step === "won" && own.status !== "held") {
        set({ step: "idle", refusal: null });
      } else {
        changed();
      }
    } catch {
      // no answer: what is shown stays until one comes
    }
  }

  /** A push about an attempt or an order of this sale. */
  function heard(notice) {
    if (notice.item_id === item.item_id || notice.order_no === self.own?.order_no) {
      nudge?.();
      if (self.step !== "queued" && self.step !== "sending") look();
    }
  }

  /** Go on with what a reload has interrupted. */
  function resume() {
    if (self.step === "won") keep(null);
    else if (pending?.open) run(pending);
  }

  async function remind(on) {
    const answer = await (on ? post : remove)(`${base}/reminder`);
    self.own = { ...(self.own ?? {}), reminder: answer.on };
    changed();
  }

  /** Nobody is logged in any more. What is under way hears so from the server. */
  function leave() {
    member = "";
    self.own = undefined;
    if (self.step === "won" || self.step === "idle") set({ step: "idle", refusal: null, ticket: null, image: null });
  }

  return Object.assign(self, {
    leave,
    prepare,
    press,
    look,
    heard,
    resume,
    remind,
    /** The sale has moved on: what was refused before says nothing any more. */
    forget: () => self.step === "idle" && self.refusal && set({ refusal: null }),
    type: (text) => set({ typed: text, refusal: null }),
  });
}
