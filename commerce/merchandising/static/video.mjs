// The editor's video: sent as it is chosen, shown with the first picture before it is played, taken out by a button.

import { toast } from "lingfeng/toast";

const box = () => document.querySelector("[data-video]");
const token = () => document.querySelector('meta[name="csrf-token"]')?.content ?? "";

function show(url) {
  const field = box().querySelector("[name=video]");
  field.value = url;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  const place = box().querySelector("[data-clip]");
  place.replaceChildren();
  if (!url) return;
  const figure = document.querySelector("#clip").content.firstElementChild.cloneNode(true);
  const video = figure.querySelector("video");
  const poster = document.querySelector("[data-shots] figure img")?.getAttribute("src");
  if (poster) video.poster = poster;
  video.src = url;
  place.append(figure);
}

async function send(file) {
  const form = new FormData();
  form.append("file", file);
  const answer = await fetch("/api/v1/backoffice/videos", {
    method: "POST",
    body: form,
    headers: { "X-CSRF-Token": token(), "Accept-Language": document.documentElement.lang },
  });
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.error?.message ?? String(answer.status));
  return told.url;
}

document.addEventListener("change", async (event) => {
  const input = event.target.closest?.("[data-add-video]");
  const file = input?.files[0];
  if (!file) return;
  toast(box().dataset.busy);
  const fault = box().querySelector("[data-video-fault]");
  fault.textContent = "";
  input.disabled = true;
  try {
    show(await send(file));
  } catch (error) {
    fault.textContent = `${file.name}: ${error.message}`;
  }
  input.value = "";
  input.disabled = false;
});

document.addEventListener("click", (event) => {
  if (!event.target.closest?.("[data-drop-video]")) return;
  show("");
  box().querySelector("[data-add-video]").focus();
});
