// A list that grows as one comes to its end, and cards that can be sent away. Without this both are links and forms.

import { post, remove } from "lingfeng/api";
import { refused, toast } from "lingfeng/toast";

const words = document.getElementById("shelf-words").dataset;
const base = "/api/v1/recommendations/dismissals";
let busy = false;
let byItself = 4; // after so many the list waits to be asked: the foot of the page stays within reach

async function grow(link) {
  if (busy) return;
  busy = true;
  try {
    const answer = await fetch(link.href.replace("/recommendations?", "/recommendations/more?"), { credentials: "same-origin" });
    if (!answer.ok) throw new Error(String(answer.status));
    const got = new DOMParser().parseFromString(await answer.text(), "text/html");
    const list = document.getElementById(link.dataset.more);
    const there = new Set([...document.querySelectorAll(".card > a")].map((one) => one.pathname));
    for (const card of got.querySelectorAll(".card")) {
      if (!there.has(card.querySelector("a").getAttribute("href"))) list.append(card);
    }
    const next = got.querySelector("[data-next]");
    if (next) link.href = next.getAttribute("href");
    else link.closest(".onward").remove();
    document.dispatchEvent(new CustomEvent("lingfeng:more"));
  } catch {
    watcher.disconnect(); // the link still works, as a link
    link.removeAttribute("data-more");
  } finally {
    busy = false;
  }
}

const watcher = new IntersectionObserver(
  (entries) =>
    entries.forEach(({ isIntersecting, target }) => {
      if (isIntersecting && target.dataset.more && byItself-- > 0) grow(target).then(() => watch(target));
    }),
  { rootMargin: "200px" },
);
function watch(link) {
  watcher.unobserve(link); // it may be in sight still: observed anew it says so again
  if (link.isConnected && byItself > 0) watcher.observe(link);
}

document.querySelectorAll("a[data-more]").forEach((link) => {
  watch(link);
  link.addEventListener("click", (event) => {
    if (!link.dataset.more) return;
    event.preventDefault();
    grow(link);
  });
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.('button[form="dismiss"]');
  if (!button) return;
  event.preventDefault();
  const card = button.closest(".card");
  const place = card.nextSibling;
  const list = card.parentNode;
  card.classList.add("leaving");
  try {
    await post(base, { product_id: button.value });
    card.remove();
    const back = async () => {
      await remove(`${base}/${button.value}`);
      card.classList.remove("leaving");
      list.insertBefore(card, place);
    };
    toast(words.gone, { action: { label: words.undo, run: back } });
  } catch (error) {
    card.classList.remove("leaving");
    refused(error);
  }
});
