// A heart keeps its product without a reload; without this it is a button of a form. Cards do not know whether theirs
// is kept, as they are the same for everybody: one question tells for all of a page. What is sold out is waited for in
// the same way.

import { get, post, remove } from "lingfeng/api";
import { refused, toast } from "lingfeng/toast";

const words = document.getElementById("favour-words").dataset;
const base = "/api/v1/me/favourites";
const asked = new Map(); // product id → kept

function paint(id) {
  const on = asked.get(id) ?? false;
  for (const heart of document.querySelectorAll(`.heart[form="favour"][value="${id}"]`)) {
    heart.setAttribute("aria-pressed", String(on));
    heart.name = on ? "off" : "on";
  }
}

async function ask() {
  const hearts = [...document.querySelectorAll('.heart[form="favour"]')];
  const known = hearts.filter((heart) => asked.has(heart.value));
  const ids = [...new Set(hearts.map((heart) => heart.value))].filter((id) => !asked.has(id)).slice(0, 100);
  known.forEach((heart) => paint(heart.value));
  if (!ids.length) return;
  try {
    const { product_ids: kept } = await get(`${base}/among?ids=${ids.join(",")}`);
    for (const id of ids) {
      asked.set(id, kept.includes(id));
      paint(id);
    }
  } catch {
    // hearts stay empty; pressing one that is kept already changes nothing
  }
}

async function turn(id, on) {
  asked.set(id, on);
  paint(id);
  try {
    await (on ? post(base, { product_id: id }) : remove(`${base}/${id}`));
    toast(on ? words.kept : words.gone, on ? {} : { action: { label: words.undo, run: () => turn(id, true) } });
  } catch (error) {
    if (error.status === 404 && !on) return; // another page was faster
    asked.set(id, !on);
    paint(id);
    refused(error);
  }
}

document.addEventListener("click", (event) => {
  const heart = event.target.closest?.('.heart[form="favour"]');
  if (!heart) return;
  event.preventDefault();
  turn(heart.value, heart.getAttribute("aria-pressed") !== "true");
});
function paintAwaited(id, on) {
  for (const button of document.querySelectorAll(`.remind .again[value="${id}"]`)) {
    button.setAttribute("aria-pressed", String(on));
    button.name = on ? "off" : "on";
  }
}

async function wait(id, on) {
  paintAwaited(id, on);
  try {
    await (on ? post("/api/v1/me/restock", { sku_id: id }) : remove(`/api/v1/me/restock/${id}`));
    toast(on ? words.awaited : words.unawaited);
  } catch (error) {
    if (error.status === 404 && !on) return; // told meanwhile, or another page was faster
    paintAwaited(id, !on);
    refused(error);
  }
}

document.addEventListener("submit", (event) => {
  const button = event.target.matches?.(".remind") && event.target.querySelector(".again");
  if (!button) return;
  event.preventDefault();
  event.stopPropagation();
  wait(button.value, button.getAttribute("aria-pressed") !== "true");
}, true);

document.addEventListener("htmx:afterSettle", ask);
document.addEventListener("lingfeng:more", ask);
ask();
