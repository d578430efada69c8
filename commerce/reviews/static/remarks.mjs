// Votes without a reload, and pictures in full without leaving the page. Without this forms post and links lead there.

import { put, remove } from "lingfeng/api";
import { refused } from "lingfeng/toast";
import { view } from "lingfeng/viewer";

// Before the page's own listener, which would hold the button for as long as the page stands.
document.addEventListener("submit", vote, true);

async function vote(event) {
  const form = event.target.closest?.("form[data-vote]");
  if (!form) return;
  event.preventDefault();
  const button = form.querySelector("button");
  const on = button.getAttribute("aria-pressed") !== "true";
  button.disabled = true;
  try {
    const path = `/api/v1/remarks/${form.dataset.vote}/vote`;
    const { useful, voted } = await (on ? put(path) : remove(path));
    button.setAttribute("aria-pressed", String(voted));
    button.value = voted ? "" : "1";
    button.querySelector("b").textContent = useful || "";
  } catch (error) {
    refused(error);
  }
  button.disabled = false;
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("[data-shots] a");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const shots = link.closest("[data-shots]");
  const links = [...shots.querySelectorAll("a")];
  const all = links.map((one) => {
    const small = one.querySelector("img");
    if (one.matches("[data-film]")) return { film: one.href, alt: one.getAttribute("aria-label") };
    return { whole: one.href, small: small.currentSrc || small.src, alt: small.alt };
  });
  view(all, links.indexOf(link), shots.dataset);
});
