// Pictures of a review: sent as they are chosen, so that a slow line is noticed before the text is sent.

import { toast } from "lingfeng/toast";

const box = document.querySelector("[data-upload]");
const label = box.querySelector("label");
const most = Number(box.dataset.most);
const figures = () => [...box.querySelectorAll("figure")];

function count() {
  label.querySelector("[data-count]").textContent = `${figures().length}/${most}`;
  label.hidden = figures().length >= most;
}

async function send(file) {
  const form = new FormData();
  form.append("file", file);
  const answer = await fetch("/api/v1/uploads", {
    method: "POST",
    body: form,
    headers: {
      "X-CSRF-Token": document.querySelector('meta[name="csrf-token"]')?.content ?? "",
      "Accept-Language": document.documentElement.lang,
    },
  });
  const told = await answer.json().catch(() => null);
  if (!answer.ok || !told) throw new Error(told?.error?.message ?? box.dataset.failed);
  return told.url;
}

function frame(file) {
  const figure = document.createElement("figure");
  const picture = document.createElement("img");
  picture.src = URL.createObjectURL(file);
  picture.alt = "";
  picture.width = picture.height = 80;
  const drop = document.createElement("button");
  drop.type = "button";
  drop.className = "round";
  drop.dataset.drop = "";
  drop.setAttribute("aria-label", box.dataset.remove);
  drop.textContent = "×";
  figure.append(picture, drop);
  figure.setAttribute("aria-busy", "true");
  label.before(figure);
  return figure;
}

async function add(files) {
  for (const file of files) {
    if (figures().length >= most) break;
    const figure = frame(file);
    count();
    try {
      const url = await send(file);
      const twice = figures().some((other) => other.querySelector("input")?.value === url);
      const input = document.createElement("input");
      input.type = "hidden";
      input.name = "pictures";
      input.value = url;
      if (twice) figure.remove();
      else figure.append(input);
    } catch (error) {
      figure.remove();
      toast(`${file.name}: ${error.message}`, { tone: "bad" });
    }
    figure.removeAttribute("aria-busy");
    count();
  }
}

label.hidden = false;
count();
label.querySelector("input").addEventListener("change", (event) => {
  const files = [...event.target.files];
  event.target.value = "";
  add(files);
});
box.addEventListener("click", (event) => {
  const drop = event.target.closest("[data-drop]");
  if (!drop) return;
  drop.closest("figure").remove();
  count();
});
document.querySelector("form.write").addEventListener("submit", (event) => {
  if (box.querySelector('[aria-busy="true"]')) event.preventDefault();
});
