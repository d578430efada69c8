// Filters that narrow the list in place. A box counts when its pair is left or Enter is pressed, and what somebody is
// typing in stays as it is when an answer arrives. Without this file the form is a plain one with its button.

const form = document.getElementById("facet-form");
const sheet = document.getElementById("facets");
const foot = () => document.querySelector("#facet-foot button");
const boxes = () => [...form.querySelectorAll(".range input")];
const sent = new Map(boxes().map((box) => [box.name, box.value]));
let down = false; // a list that is made anew under a finger takes the click away
let waiting = false;

function narrow() {
  waiting = false;
  form.dispatchEvent(new CustomEvent("narrow"));
}

// A click that has taken the focus away comes first: on the form's button it sends all of it, once.
const later = () => setTimeout(() => waiting && !down && narrow(), 60);

document.addEventListener("pointerdown", () => (down = true), true);
for (const name of ["pointerup", "pointercancel"])
  document.addEventListener(
    name,
    () => {
      down = false;
      if (waiting) later();
    },
    true,
  );

form.addEventListener("change", (event) => {
  if (!event.target.closest(".range")) narrow();
});
form.addEventListener("focusout", (event) => {
  const range = event.target.closest(".range");
  if (!range || range.contains(event.relatedTarget)) return;
  if ([...range.querySelectorAll("input")].every((box) => box.value === (sent.get(box.name) ?? ""))) return;
  waiting = true;
  if (!down) later();
});
// What is being typed is counted before it is applied: the sheet's button says no number until it knows.
let counting;
form.addEventListener("input", (event) => {
  if (!event.target.closest(".range") || !foot().checkVisibility()) return;
  counting?.abort();
  const mine = (counting = new AbortController());
  foot().textContent = foot().dataset.plain;
  setTimeout(() => mine.signal.aborted || count(mine.signal), 350);
});
async function count(signal) {
  try {
    const asked = new URLSearchParams(new FormData(form));
    const headers = { "Lf-Count": "1" };
    const path = `${form.getAttribute("action")}?${asked}`;
    const answer = await fetch(path, { credentials: "same-origin", headers, signal });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("#facet-foot button");
    if (!fresh || signal.aborted) return;
    foot().textContent = fresh.textContent;
    // What is wrong keeps the sheet open for a word under its box.
    foot().toggleAttribute("data-shows", fresh.hasAttribute("data-shows"));
  } catch {
    // no answer, no number
  }
}
form.addEventListener("submit", (event) => {
  if (event.submitter?.hasAttribute("data-shows") && sheet.matches(":popover-open")) sheet.hidePopover();
});
form.addEventListener("htmx:configRequest", () => {
  counting?.abort();
  waiting = false;
  for (const box of boxes()) sent.set(box.name, box.value);
});
// A wrong number is answered with the list as it is and a word under the box.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.requestConfig?.elt === form && event.detail.xhr.status === 422) {
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  }
});

// The fields are made anew around the pair that somebody is in, which would lose the focus and what is typed.
document.addEventListener("htmx:oobBeforeSwap", (event) => {
  const old = event.detail.target;
  const mine = document.activeElement?.closest?.("#facet-fields .range")?.closest("fieldset");
  const fresh = event.detail.fragment.querySelector?.("#facet-fields") ?? event.detail.fragment.firstElementChild;
  if (old.id !== "facet-fields" || !mine || !fresh) return;
  event.detail.shouldSwap = false;
  const twin = [...fresh.children].find((one) => one.id === mine.id);
  const parts = [...fresh.children];
  const at = twin ? parts.indexOf(twin) : parts.length;
  for (const part of [...old.children]) if (part !== mine) part.remove();
  mine.before(...parts.slice(0, at));
  mine.after(...parts.slice(at + 1));
  const told = twin?.querySelector(".told");
  if (!told) return;
  mine.querySelector(".told").replaceWith(told);
  for (const box of mine.querySelectorAll(".range input")) {
    const now = twin.querySelector(`[name="${box.name}"]`);
    if (box.value === sent.get(box.name)) {
      box.value = now.value; // the lower price stands first, in whatever order they were typed
      sent.set(box.name, now.value);
    }
    for (const name of ["aria-invalid", "aria-describedby"])
      if (now.hasAttribute(name)) box.setAttribute(name, now.getAttribute(name));
      else box.removeAttribute(name);
  }
});
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.requestConfig?.elt !== form) return;
  for (const box of boxes())
    if (!box.closest("fieldset").contains(document.activeElement)) sent.set(box.name, box.value);
  const wrong = form.querySelector('[aria-invalid="true"]');
  if (wrong && !wrong.checkVisibility()) {
    sheet.showPopover(); // its button closed it before the answer came
    wrong.focus();
  }
});
