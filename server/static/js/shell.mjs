// What every page wakes: clocks, theme, the offline line, quantity steppers, galleries, copy buttons, guarded submits.

import { startClocks } from "lingfeng/clock";
import { startTheme } from "lingfeng/theme";
import { toast } from "lingfeng/toast";

startClocks();
startTheme();

const offline = document.querySelector(".offline");
const line = () => offline && (offline.hidden = navigator.onLine);
addEventListener("online", line);
addEventListener("offline", line);
line();

document.addEventListener("click", async (event) => {
  const step = event.target.closest?.(".stepper button");
  if (step) {
    const input = step.parentElement.querySelector("input");
    const low = Number(input.min || 1);
    const high = Number(input.max || Infinity);
    const value = Math.min(high, Math.max(low, (Number(input.value) || low) + Number(step.dataset.step)));
    input.value = String(value);
    input.dispatchEvent(new Event("input", { bubbles: true }));
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }
  const copy = event.target.closest?.("[data-copy]");
  if (copy) {
    try {
      await navigator.clipboard.writeText(copy.dataset.copy);
      toast(copy.dataset.copied || copy.dataset.copy);
    } catch {
      toast(copy.dataset.copy); // no clipboard on plain http: show it, so that it can be copied by hand
    }
  }
});

// The language is a cookie; the server renders the page again in it.
document.addEventListener("click", (event) => {
  const choice = event.target.closest?.("[data-locale]");
  if (!choice) return;
  event.preventDefault();
  document.cookie = `lf_locale=${choice.dataset.locale}; path=/; max-age=31536000; samesite=lax`;
  location.reload();
});

function bounds(stepper) {
  const input = stepper.querySelector("input");
  const [less, more] = stepper.querySelectorAll("button");
  less.disabled = Number(input.value) <= Number(input.min || 1);
  more.disabled = Number(input.value) >= Number(input.max || Infinity);
}
document.addEventListener("input", (event) => {
  const stepper = event.target.closest?.(".stepper");
  if (stepper) bounds(stepper);
});

// A form is sent once: its button says so and comes back when the page is shown again.
document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (event.defaultPrevented || !button || event.target.method === "dialog" || event.target.method === "get") return;
  if (button.getAttribute("aria-busy") === "true") return void event.preventDefault();
  button.setAttribute("aria-busy", "true");
});
addEventListener("pageshow", () => {
  for (const busy of document.querySelectorAll('form [aria-busy="true"]')) busy.removeAttribute("aria-busy");
});

// Galleries scroll by themselves; this only keeps "2 / 5" and the thumbnails in step.
for (const gallery of document.querySelectorAll(".gallery")) {
  const slides = gallery.querySelector(".slides");
  const thumbs = [...gallery.querySelectorAll(".thumbs a")];
  const at = gallery.querySelector(".at");
  if (!slides) continue;
  const total = slides.children.length;
  const show = () => {
    const index = Math.min(total - 1, Math.round(slides.scrollLeft / Math.max(1, slides.clientWidth)));
    if (at) at.textContent = `${index + 1} / ${total}`;
    thumbs.forEach((thumb, n) => (n === index ? thumb.setAttribute("aria-current", "true") : thumb.removeAttribute("aria-current")));
  };
  slides.addEventListener("scroll", show, { passive: true });
  thumbs.forEach((thumb, n) =>
    thumb.addEventListener("click", (event) => {
      event.preventDefault();
      slides.scrollTo({ left: n * slides.clientWidth, behavior: "smooth" });
    }),
  );
}
