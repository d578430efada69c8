// The island of one sale: keeps what the server wrote true, second by second, and goes through the purchase with the member.

import { render } from "preact";
import { get } from "lingfeng/api";
import { serverNow } from "lingfeng/clock";
import { on, state as connection, watch } from "lingfeng/member";
import { toast } from "lingfeng/toast";

const data = JSON.parse(document.querySelector("#seckill").textContent);
// By address, so that each carries its digest and is cached for ever; the page preloads both.
const [{ actFace, momentFace, tongue }, { buyer }] = await Promise.all([import(data.faces), import(data.press)]);
const root = document.querySelector("#sale");
const moment = document.querySelector("#moment");
const act = document.querySelector("#act");
const v = tongue(data);
let item = data.item;
let quantity = 1;
let restocked = false;
let drawing = false;

const mine = buyer({ item, member: data.member, worker: data.pow, own: data.own, refused, changed: () => draw() });

/** Where the sale stands now: staff and stock decide by word of the server, the window by its clock. */
function phase(now) {
  if (item.phase === "ended" || now >= Date.parse(item.ends_at)) return "ended";
  if (now < Date.parse(item.starts_at)) return item.phase === "paused" ? "paused" : "upcoming";
  return item.phase === "upcoming" ? "running" : item.phase;
}

function draw() {
  if (drawing) return;
  drawing = true;
  queueMicrotask(() => {
    drawing = false;
    const now = serverNow();
    const at = phase(now);
    quantity = Math.min(quantity, Math.max(1, item.limit_per_member - (mine.own?.taken ?? 0)));
    const state = {
      item, now, quantity, restocked, phase: at, member: data.member, buyer: mine, online: navigator.onLine,
      opens: Date.parse(item.starts_at) - data.opens_before * 1000,
      full: (mine.own?.taken ?? 0) >= item.limit_per_member,
      choose: (n) => { quantity = n; draw(); },
      remind,
    };
    root.classList.toggle("won", mine.step === "won");
    root.querySelector(".offer .price").classList.toggle("plain", at === "sold_out" || at === "ended");
    root.dataset.state = mine.step === "idle" ? at : mine.step;
    if (root.dataset.awake === undefined) {
      root.dataset.awake = "";
      for (const box of [moment, act]) box.replaceChildren(); // what the server wrote, drawn again at once
    }
    render(momentFace(v, state), moment);
    render(actFace(v, state), act);
  });
}

async function remind(wanted) {
  try {
    await mine.remind(wanted);
    toast(wanted ? v.t("开抢前 5 分钟给你发消息，开着的秒杀页也会弹出") : v.t("不再提醒"));
  } catch (error) {
    toast(error.message, { tone: "bad" });
  }
}

/** News of the sale, from a push or an answer. */
function learn(news) {
  const before = phase(serverNow());
  item = { ...item, ...news };
  const after = phase(serverNow());
  if (before !== after) mine.forget();
  if (before === "sold_out" && after === "running") {
    restocked = true;
    if (document.visibilityState === "visible" && mine.step === "idle") toast(v.t("回流了，可以抢"));
  } else if (after !== "running") {
    restocked = false;
  }
  if (after === "sold_out" && before !== "sold_out") ask(); // how many may come back is in the answer only
  draw();
}

// An answer may come out of a memory that is a second old: right after a push, the push knows better.
let pushed = -Infinity;
function push(news) {
  pushed = performance.now();
  learn(news);
}

/** A refusal is the freshest news there is: panel, button and note have to say the same from the same moment on. */
async function refused(code, units) {
  if (code === "sold_out" && units > 1) {
    // Fewer may be left. The server's own look at the gate is 200 ms old at most.
    await new Promise((done) => setTimeout(done, 250));
    asked = undefined;
    await ask();
  } else if (code === "sold_out" || code === "paused" || code === "ended") {
    push({ phase: code });
  }
}

let asked;
let later;
async function ask() {
  asked ??= get(`/api/v1/flash-sales/${item.item_id}`)
    .then((fresh) => {
      if (performance.now() - pushed < 1500 && fresh.phase !== item.phase) {
        clearTimeout(later);
        later = setTimeout(ask, 1500);
        return;
      }
      learn({ unpaid: undefined, ...fresh });
    })
    .catch(() => {}) // no answer: the next one comes
    .finally(() => (asked = undefined));
  return asked;
}

// A push says what changes; now and then a look makes sure, more often while units may come back. Chance spreads the crowd.
function look() {
  const wait = { running: 10_000, sold_out: 4000, paused: 8000 }[phase(serverNow())] ?? 30_000;
  setTimeout(async () => {
    if (document.visibilityState === "visible" && navigator.onLine) await ask();
    if (mine.step === "won") await mine.look();
    look();
  }, wait * (0.75 + Math.random() / 2));
}

// Tickets are fetched ahead, each page at a moment of its own.
let preparing = false;
async function prepare() {
  const now = serverNow();
  const opens = Date.parse(item.starts_at) - data.opens_before * 1000;
  const at = phase(now);
  if (!data.member || preparing || mine.preparing || now < opens + early || (at !== "upcoming" && at !== "running")) return;
  if (mine.ticket && Date.parse(mine.ticket.expires_at) - now > 30_000) return;
  preparing = true;
  try {
    await mine.prepare();
  } catch (error) {
    await new Promise((done) => setTimeout(done, 1000 * (error.retryAfter ?? 2) * (1 + Math.random())));
  } finally {
    preparing = false;
  }
}
const early = serverNow() > Date.parse(item.starts_at) - 60_000 ? 0 : Math.random() * 20_000;

let timer;
let shown;
let overdue = 0;
function tick() {
  clearTimeout(timer);
  const now = serverNow();
  const at = phase(now);
  if (shown && shown !== at) ask();
  shown = at;
  // The deadline has passed: the worker decides within a second or two, and the page asks until it has.
  if (mine.step === "won" && now > Date.parse(mine.own.pay_before) + 500 && overdue++ % 2 === 0) mine.look();
  draw();
  prepare();
  timer = setTimeout(tick, 1000 - (serverNow() % 1000) + 4);
}

function woke() {
  ask();
  mine.look();
  tick();
}

if (item.phase !== "ended") {
  watch(item.item_id, push);
  setTimeout(ask, Math.random() * 1000); // also tells the server's time more exactly than the page could
  look();
}
if (data.member) {
  on("order", mine.heard);
  on("attempt", mine.heard);
  on("reminder", (due) => due.item_id !== item.item_id && toast(v.t("《{title}》快开抢了", { title: due.title }), {
    action: { label: v.t("去看看"), run: () => location.assign(`/flash-sales/${due.item_id}`) },
  }));
}
// Logged out elsewhere: whatever is pressed from here on would only hear so, and what was bought is no longer theirs to see.
connection.subscribe((now) => {
  if (now !== "ended" || !data.member) return;
  data.member = "";
  mine.leave();
  draw();
});
document.addEventListener("clock:woke", woke);
addEventListener("online", woke);
addEventListener("offline", draw);
mine.resume();
tick();
