// Tells what only the browser knows, once somebody agreed: which place of a list was pressed, and which of the
// recommendations came into sight. Gathered, and sent as the page is left or every few seconds.

const SOURCES = { "": "home", search: "search", categories: "category", shops: "shop" };
const place = location.pathname.split("/")[1];
const sent = new Set(); // list/product pairs that were in sight
let clicks = [];
let shown = new Map(); // list → product ids

function productOf(link) {
  return /^\/products\/(\d{1,18})$/.exec(new URL(link.href).pathname)?.[1];
}

function send() {
  if (!clicks.length && !shown.size) return;
  const body = {
    clicks: clicks.slice(0, 20),
    shown: [...shown].slice(0, 20).map(([list, ids]) => ({ shown_as: list, product_ids: ids.slice(0, 60) })),
  };
  clicks = [];
  shown = new Map();
  const token = document.querySelector('meta[name="csrf-token"]')?.content ?? "";
  fetch("/api/v1/behaviour/events", {
    method: "POST",
    keepalive: true, // it outlives the page
    credentials: "same-origin",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": token },
    body: JSON.stringify(body),
  }).catch(() => {}); // a count that is lost harms nobody
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]");
  const id = link && link.origin === location.origin && productOf(link);
  const goods = id && link.closest("[data-list], .goods");
  if (!goods) return;
  const list = link.closest("[data-list]")?.dataset.list ?? "";
  const cards = [...goods.querySelectorAll('.card > a[href^="/products/"]')];
  clicks.push({
    product_id: id,
    source: list ? "recommendation" : (SOURCES[place] ?? "other"),
    position: Math.max(1, cards.indexOf(link) + 1),
    ...(list && { shown_as: list }),
  });
  send();
});

const watcher = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      watcher.unobserve(target);
      const list = target.closest("[data-list]")?.dataset.list;
      const link = target.querySelector('a[href^="/products/"]');
      const id = link && productOf(link);
      if (!list || !id || sent.has(`${list}/${id}`)) continue;
      sent.add(`${list}/${id}`);
      shown.set(list, [...(shown.get(list) ?? []), id]);
    }
  },
  { threshold: 0.5 },
);

function look() {
  for (const card of document.querySelectorAll("[data-list] .card:not([data-watched])")) {
    card.dataset.watched = "";
    watcher.observe(card);
  }
}

document.addEventListener("lingfeng:more", look);
document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && send());
setInterval(send, 10_000);
look();
