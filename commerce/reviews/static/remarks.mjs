// Votes without a reload, and pictures in full without leaving the page. Without this forms post and links lead there.

import { put, remove } from "lingfeng/api";
import { toast } from "lingfeng/toast";

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
    toast(error.message, { tone: "bad" });
  }
  button.disabled = false;
}

function open(links, at) {
  const box = document.createElement("dialog");
  box.className = "lightbox";
  const picture = document.createElement("img");
  const film = document.createElement("video");
  film.controls = film.autoplay = film.playsInline = true;
  const count = document.createElement("span");
  const show = (to) => {
    at = (to + links.length) % links.length;
    const link = links[at];
    film.pause();
    if (link.matches("[data-film]")) {
      film.src = link.href;
      film.setAttribute("aria-label", link.getAttribute("aria-label"));
      box.replaceChildren(film, count);
    } else {
      picture.src = link.href;
      picture.alt = link.querySelector("img").alt;
      box.replaceChildren(picture, count);
    }
    count.textContent = `${at + 1} / ${links.length}`;
  };
  box.addEventListener("click", (event) => {
    if (event.target === film) return;
    if (event.target === count && links.length > 1) return show(at + 1);
    if (event.target !== picture || links.length === 1) return box.close();
    return show(event.offsetX < picture.clientWidth / 3 ? at - 1 : at + 1);
  });
  box.addEventListener("keydown", (event) => {
    if (event.target === film) return;
    if (event.key === "ArrowRight") show(at + 1);
    if (event.key === "ArrowLeft") show(at - 1);
  });
  box.addEventListener("close", () => box.remove());
  document.body.append(box);
  show(at);
  box.showModal();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("[data-shots] a");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const links = [...link.closest("[data-shots]").querySelectorAll("a")];
  open(links, links.indexOf(link));
});
