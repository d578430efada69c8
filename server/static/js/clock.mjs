// The server's time, and every countdown on the page.
// A countdown is <time class="clock" data-until="milliseconds since 1970, server time">; the page is readable before this
// file arrives because the server has already written the figures.

const page = performance.getEntriesByType("navigation")[0];
const rendered = Number(document.querySelector('meta[name="server-time"]')?.content);

// server time = performance.now() + offset. The page's own stamp is late by one way of the network at most.
let offset = rendered ? rendered - (page?.responseStart ?? 0) : Date.now() - performance.now();
let trust = rendered ? (page ? page.responseStart - page.requestStart : 1000) : Infinity;
let wall = Date.now() - performance.now();

/** Milliseconds since 1970 on the server's clock. */
export function serverNow() {
  return performance.now() + offset;
}

/** Learn from an answer: `serverTime` (RFC 3339 or ms) was true between `sent` and `got` (performance.now()). */
export function learn(serverTime, sent, got) {
  const at = typeof serverTime === "number" ? serverTime : Date.parse(serverTime);
  if (!Number.isFinite(at) || got - sent > trust) return;
  trust = Math.max(got - sent, 20);
  offset = at - (sent + got) / 2;
  draw();
}

function figures(rest) {
  const seconds = Math.max(0, Math.ceil(rest / 1000));
  return [Math.floor(seconds / 86400), Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
}

function paint(element, now) {
  const until = Number(element.dataset.until);
  const rest = until - now;
  const [days, hours, minutes, seconds] = figures(rest);
  const short = element.dataset.short !== undefined && hours === 0;
  const parts = days > 0 ? [days, hours % 24, minutes, seconds] : short ? [minutes, seconds] : [hours, minutes, seconds];
  const text = parts.map((part, at) => (days > 0 && at === 0 ? String(part) : String(part).padStart(2, "0")));
  if (element.dataset.shown === text.join()) return;
  element.dataset.shown = text.join();
  element.replaceChildren(
    ...text.flatMap((part, at) => {
      const box = document.createElement("b");
      box.textContent = part;
      if (at === 0) return [box];
      return days > 0 && at === 1 ? [element.dataset.day ?? "d", box] : [":", box];
    }),
  );
  element.classList.toggle("last", rest > 0 && rest <= 60_000);
  element.classList.toggle("over", rest <= 0);
  if (rest <= 0 && element.dataset.ended === undefined) {
    element.dataset.ended = "";
    element.dispatchEvent(new CustomEvent("clock:end", { bubbles: true }));
  } else if (rest > 0) {
    delete element.dataset.ended;
  }
}

function draw() {
  const now = serverNow();
  for (const element of document.querySelectorAll(".clock[data-until]")) paint(element, now);
}

let timer;
function tick() {
  draw();
  clearTimeout(timer);
  timer = setTimeout(tick, 1000 - (serverNow() % 1000) + 4);
}

// A sleeping device stops performance.now() on some systems but not the wall clock; without this a woken phone would show
// time that has gone. Whoever holds real state listens to "clock:woke" and asks the server again.
function woke() {
  if (document.visibilityState !== "visible") return;
  const drift = Date.now() - performance.now() - wall;
  if (Math.abs(drift) > 1000) {
    wall += drift;
    offset += drift;
    trust = Infinity;
  }
  tick();
  document.dispatchEvent(new CustomEvent("clock:woke", { detail: { drift } }));
}

let started = false;
/** Start all countdowns of the page; calling it again does nothing. */
export function startClocks() {
  if (started) return;
  started = true;
  addEventListener("pageshow", (event) => event.persisted && woke());
  document.addEventListener("visibilitychange", woke);
  tick();
}
