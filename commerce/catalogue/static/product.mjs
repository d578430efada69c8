// A choice swaps price, stock and options in place; the gallery stays and moves to the chosen picture. Choices that are
// made while an answer is under way add up, and only the answer to all of them is shown. Without this file they are links.

const slides = document.querySelector("#gallery .slides");
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const parts = ["matrix", "figures", "chosen", "left", "sku-head", "out", "ships", "code", "share-of"];
const matrix = () => document.getElementById("matrix");

let wanted = null; // the values of the SKU that is being asked for
let asking = null;

/** The SKU with this value that keeps most of the values before it, then can be bought, then keeps those after it. */
function closest(skus, values, at, value) {
  const kept = (has, from, to) => has.slice(from, to).map((one, n) => Number(one === values[from + n]));
  const rank = ([, free, has]) => [...kept(has, 0, at), Number(free), ...kept(has, at + 1)].join("");
  return skus.filter(([, , has]) => has[at] === value).reduce((best, one) => (best && rank(best) >= rank(one) ? best : one), null);
}

document.addEventListener("click", (event) => {
  const chip = event.target.closest?.("#matrix a.chip");
  if (!chip || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const { skus, sku } = matrix().dataset;
  const all = JSON.parse(skus);
  const axis = [...matrix().querySelectorAll("fieldset")].indexOf(chip.closest("fieldset"));
  const [id, , values] = closest(all, wanted ?? all.find(([one]) => one === sku)[2], axis, chip.dataset.value) ?? [];
  if (!id) return;
  event.preventDefault();
  wanted = values;
  for (const other of chip.closest(".options").children) other.removeAttribute("aria-busy");
  chip.setAttribute("aria-busy", "true");
  show(`${location.pathname}?sku=${id}`);
});

// Who leaves ends the fetch with that, which is no reason to come back.
let leaving = false;
addEventListener("pagehide", () => (leaving = true));
addEventListener("beforeunload", () => (leaving = true));
addEventListener("pageshow", () => (leaving = false));

async function show(url) {
  asking?.abort();
  const mine = (asking = new AbortController());
  try {
    const answer = await fetch(url, { credentials: "same-origin", signal: mine.signal });
    if (!answer.ok) throw new Error(String(answer.status));
    const text = await answer.text();
    if (mine !== asking) return;
    swap(new DOMParser().parseFromString(text, "text/html"));
    history.replaceState(history.state, "", url);
  } catch {
    if (mine !== asking) return;
    if (navigator.onLine && !leaving) location.assign(url);
    for (const chip of matrix().querySelectorAll("[aria-busy]")) chip.removeAttribute("aria-busy");
  }
  asking = wanted = null;
}

function swap(fresh) {
  const focus = document.activeElement?.id;
  for (const id of parts) {
    const part = fresh.getElementById(id);
    if (part) document.getElementById(id)?.replaceWith(document.adoptNode(part));
  }
  if (focus && document.activeElement === document.body) document.getElementById(focus)?.focus({ preventScroll: true });
  const picture = document.querySelector("#sku-head img")?.dataset.whole;
  const at = [...(slides?.children ?? [])].findIndex((slide) => slide.dataset.whole === picture);
  if (at >= 0) slides.scrollTo({ left: at * slides.clientWidth, behavior: calm.matches ? "instant" : "smooth" });
  document.dispatchEvent(new CustomEvent("lingfeng:more"));
}
