// Pictures of the editor: sent as they are chosen, put in order by drag or by buttons. The rest is the server's.

const token = () => document.querySelector('meta[name="csrf-token"]')?.content ?? "";
const box = () => document.querySelector("[data-shots]");
const figures = () => [...box().querySelectorAll("figure")];

function renumber() {
  figures().forEach((figure, at) => {
    for (const part of figure.querySelectorAll("[data-part]")) part.name = `pictures.${at}.${part.dataset.part}`;
  });
  offer();
}

// Each SKU's picture is chosen from those that are there now.
function offer() {
  const urls = figures().map((figure) => figure.querySelector("[data-part=url]").value).filter(Boolean);
  for (const select of document.querySelectorAll('.matrix.skus select[name$=".picture"]')) {
    const kept = select.value;
    const own = kept && !urls.includes(kept) ? select.selectedOptions[0] : undefined;
    const options = urls.map((url, at) => new Option(box().dataset.nth.replace("{n}", at + 1), url));
    select.replaceChildren(new Option("—", ""), ...options, ...(own ? [own] : []));
    select.value = kept;
  }
}

const faulty = (text) => (document.querySelector("[data-shots-fault]").textContent = text);

async function send(file) {
  const form = new FormData();
  form.append("file", file);
  const answer = await fetch("/api/v1/backoffice/pictures", {
    method: "POST",
    body: form,
    headers: { "X-CSRF-Token": token(), "Accept-Language": document.documentElement.lang },
  });
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.error?.message ?? String(answer.status));
  return told.url;
}

async function add(files) {
  const most = Number(box().dataset.most);
  const wrong = [];
  faulty("");
  for (const file of files) {
    if (figures().length >= most) {
      wrong.push(box().dataset.mostSaid);
      break;
    }
    const figure = document.querySelector("#shot").content.firstElementChild.cloneNode(true);
    const shown = URL.createObjectURL(file);
    figure.querySelector("img").src = shown;
    figure.setAttribute("aria-busy", "true");
    box().querySelector(".add").before(figure);
    try {
      const url = await send(file);
      if (figures().some((other) => other.querySelector("[data-part=url]").value === url)) figure.remove();
      figure.querySelector("[data-part=url]").value = url;
      figure.querySelector("img").src = url;
    } catch (error) {
      figure.remove();
      wrong.push(`${file.name}: ${error.message}`);
    }
    figure.removeAttribute("aria-busy");
    URL.revokeObjectURL(shown);
    renumber();
  }
  faulty(wrong.join(" · "));
}

document.addEventListener("change", (event) => {
  const input = event.target.closest?.("[data-add]");
  if (!input) return;
  add([...input.files]);
  input.value = "";
});

document.addEventListener("click", (event) => {
  const figure = event.target.closest?.("[data-shots] figure");
  if (!figure) return;
  const move = event.target.closest("[data-move]");
  if (event.target.closest("[data-take]")) {
    const next = figure.nextElementSibling;
    figure.remove();
    next?.querySelector("button, input")?.focus();
  } else if (move) {
    const other = Number(move.dataset.move) < 0 ? figure.previousElementSibling : figure.nextElementSibling;
    if (other?.matches("figure")) Number(move.dataset.move) < 0 ? other.before(figure) : other.after(figure);
    move.focus();
  } else return;
  renumber();
});

let dragged;
document.addEventListener("dragstart", (event) => {
  dragged = event.target.closest?.("[data-shots] figure");
  dragged?.classList.add("lifted");
});
document.addEventListener("dragend", () => {
  dragged?.classList.remove("lifted");
  dragged = undefined;
  if (box()) renumber();
});
document.addEventListener("dragover", (event) => {
  const over = event.target.closest?.("[data-shots]");
  if (!over) return;
  event.preventDefault();
  const figure = event.target.closest("figure");
  if (!dragged || !figure || figure === dragged) return;
  const middle = figure.getBoundingClientRect();
  event.clientX < middle.left + middle.width / 2 ? figure.before(dragged) : figure.after(dragged);
});
document.addEventListener("drop", (event) => {
  if (!event.target.closest?.("[data-shots]")) return;
  event.preventDefault();
  if (!dragged && event.dataTransfer?.files.length) add([...event.dataTransfer.files]);
});

// What was wrong with a moment is mended where it was typed.
const again = document.querySelector("[data-again]");
if (again) {
  document.getElementById(again.dataset.again).showPopover?.();
  again.querySelector("[aria-invalid]")?.focus();
}

// What was typed and not saved is not lost by a slip.
let touched = false;
document.addEventListener("input", (event) => event.target.closest?.("#editor") && (touched = true));
document.addEventListener("submit", () => (touched = false));
addEventListener("beforeunload", (event) => touched && event.preventDefault());
