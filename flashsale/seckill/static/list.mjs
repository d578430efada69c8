// The list stays as the server has it: at every change of a sale that is shown, when a countdown ends, and now and then.
// Reminders are switched without leaving the page.

import { post, remove } from "lingfeng/api";
import { on, watch } from "lingfeng/member";
import { refused, toast } from "lingfeng/toast";

const data = JSON.parse(document.querySelector("#seckill").textContent);
const t = (text) => data.texts[text] ?? text;
const region = () => document.querySelector('[data-live="sales"]');
const watched = new Map(); // item id → function that ends it
let busy = false;
let again = false;
let timer;

async function refresh() {
  if (busy) return void (again = true);
  busy = true;
  again = false;
  try {
    // The session that is being read, whatever the address without one would lead to by now.
    const here = region().dataset.session;
    const answer = await fetch(here ? `/flash-sales?at=${here}` : location.href, { credentials: "same-origin", cache: "no-store" });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector('[data-live="sales"]');
    if (!fresh) return;
    const ribbon = region().querySelector(".ribbon");
    const left = ribbon?.scrollLeft ?? 0;
    const focus = document.activeElement?.closest("[data-item]")?.dataset.item;
    region().replaceWith(document.adoptNode(fresh));
    const placed = region().querySelector(".ribbon");
    if (placed) placed.scrollLeft = left;
    if (focus) region().querySelector(`[data-item="${focus}"] :is(.button, h3 a)`)?.focus({ preventScroll: true });
    look();
  } catch {
    // offline: the connection's return asks again
  } finally {
    busy = false;
    if (again) soon(300);
  }
}

// Chance spreads the crowd that hears the same push.
function soon(wait = 0) {
  clearTimeout(timer);
  timer = setTimeout(refresh, wait + Math.random() * 700);
}

function look() {
  const shown = new Map([...region().querySelectorAll("[data-item]")].map((one) => [one.dataset.item, one]));
  for (const [id, end] of watched) {
    if (shown.has(id)) continue;
    end();
    watched.delete(id);
  }
  for (const [id, one] of shown) {
    if (watched.has(id) || one.dataset.phase === "ended") continue;
    watched.set(id, watch(id, (sale) => {
      const here = region().querySelector(`[data-item="${id}"]`);
      if (!here || here.dataset.phase === sale.phase) return;
      soon();
      setTimeout(soon, 2500); // the first answer may come out of a memory that is a second old
    }));
  }
}

document.addEventListener("submit", async (event) => {
  const form = event.target.closest?.("[data-reminder]");
  if (!form) return;
  event.preventDefault();
  const wanted = form.elements.on.value === "1";
  const button = form.querySelector("button");
  button.setAttribute("aria-busy", "true");
  try {
    await (wanted ? post : remove)(`/api/v1/flash-sales/${form.dataset.reminder}/reminder`);
    toast(wanted ? t("开抢前 5 分钟给你发消息，开着的秒杀页也会弹出") : t("不再提醒"));
    await refresh();
  } catch (error) {
    button.removeAttribute("aria-busy");
    refused(error);
  }
});

document.addEventListener("clock:end", () => [300, 2500].forEach((wait) => setTimeout(soon, wait)));
document.addEventListener("clock:woke", () => soon());
addEventListener("online", () => soon());
setInterval(() => document.visibilityState === "visible" && navigator.onLine && soon(), 15_000);
document.querySelector('.ribbon [aria-current="page"]')?.scrollIntoView({ block: "nearest", inline: "center" });
look();
if (data.member) {
  on("reminder", (due) => toast(t("《{title}》快开抢了").replace("{title}", due.title), {
    action: { label: t("去看看"), run: () => location.assign(`/flash-sales/${due.item_id}`) },
  }));
}
