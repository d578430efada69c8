// Pictures and the video of a review: sent as they are chosen, so that a slow line is noticed before the text is sent.

import { toast } from "lingfeng/toast";

const box = document.querySelector("[data-upload]");
const label = box.querySelector("label");
const most = Number(box.dataset.most);
const figures = () => [...box.querySelectorAll("figure")];

function count() {
  label.querySelector("[data-count]").textContent = `${figures().length}/${most}`;
  label.hidden = figures().length >= most;
}

async function send(file, path = "/api/v1/uploads") {
  const form = new FormData();
  form.append("file", file);
  const answer = await fetch(path, {
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

function frame(shown, place) {
  const figure = document.createElement("figure");
  const drop = document.createElement("button");
  drop.type = "button";
  drop.className = "round";
  drop.dataset.drop = "";
  drop.setAttribute("aria-label", place.dataset.remove);
  drop.textContent = "×";
  figure.append(shown, drop);
  figure.setAttribute("aria-busy", "true");
  place.querySelector("label").before(figure);
  return figure;
}

function picture(file) {
  const shown = document.createElement("img");
  shown.src = URL.createObjectURL(file);
  shown.alt = "";
  shown.width = shown.height = 80;
  return frame(shown, box);
}

function field(name, value) {
  const input = document.createElement("input");
  input.type = "hidden";
  input.name = name;
  input.value = value;
  return input;
}

async function add(files) {
  for (const file of files) {
    if (figures().length >= most) break;
    const figure = picture(file);
    count();
    try {
      const url = await send(file);
      const twice = figures().some((other) => other.querySelector("input")?.value === url);
      if (twice) figure.remove();
      else figure.append(field("pictures", url));
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

const reel = document.querySelector(".write [data-film]");
const choose = reel.querySelector("label");
const one = () => {
  choose.hidden = reel.querySelector("figure") !== null;
};
one();
choose.querySelector("input").addEventListener("change", async (event) => {
  const [file] = event.target.files;
  event.target.value = "";
  if (!file) return;
  const film = document.createElement("video");
  film.className = "film";
  const figure = frame(film, reel);
  one();
  try {
    const url = await send(file, "/api/v1/me/review-videos");
    Object.assign(film, { controls: true, playsInline: true, preload: "metadata", src: url });
    figure.append(field("video", url));
  } catch (error) {
    figure.remove();
    toast(`${file.name}: ${error.message}`, { tone: "bad" });
  }
  figure.removeAttribute("aria-busy");
  one();
});
reel.addEventListener("click", (event) => {
  event.target.closest("[data-drop]")?.closest("figure").remove();
  one();
});
document.querySelector("form.write").addEventListener("submit", (event) => {
  if (document.querySelector('.write figure[aria-busy="true"]')) event.preventDefault();
});
