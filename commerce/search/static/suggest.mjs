// The search field: suggestions while one types, what one looked for before it. Without this file it is a plain form.

import { get, remove } from "lingfeng/api";

const words = document.getElementById("seek-words").dataset;
const KEY = "searches";
const MOST = 10;

function past() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(kept) ? kept.filter((one) => typeof one === "string").slice(0, MOST) : [];
  } catch {
    return [];
  }
}

function keep(text) {
  try {
    localStorage.setItem(KEY, JSON.stringify([text, ...past().filter((one) => one !== text)].slice(0, MOST)));
  } catch {
    // a browser that keeps nothing
  }
}

async function forget() {
  if (words.member) await remove("/api/v1/search/history");
  localStorage.removeItem(KEY);
}

function make(name, text, attributes = {}) {
  const element = document.createElement(name);
  element.textContent = text;
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

function wake(form) {
  const input = form.querySelector('input[name="q"]');
  if (!input) return;
  const list = make("div", "", { class: "hints", role: "listbox", id: "hints", "aria-label": words.label });
  list.hidden = true;
  form.append(list);
  for (const [key, value] of Object.entries({ role: "combobox", "aria-expanded": "false", "aria-controls": "hints", "aria-autocomplete": "list" }))
    input.setAttribute(key, value);
  let at = -1;
  let asked = 0;
  let timer;
  let typed = input.value;

  const options = () => [...list.querySelectorAll('[role="option"]')];
  const show = (open) => {
    list.hidden = !open || !list.childElementCount;
    input.setAttribute("aria-expanded", String(!list.hidden));
    if (list.hidden) choose(-1);
  };
  function choose(next) {
    const all = options();
    at = next;
    all.forEach((one, n) => one.setAttribute("aria-selected", String(n === at)));
    input.setAttribute("aria-activedescendant", at >= 0 ? all[at].id : "");
    if (at >= 0) {
      input.value = all[at].dataset.text;
      all[at].scrollIntoView({ block: "nearest" });
    } else if (!list.hidden) input.value = typed;
  }
  const option = (text, n, count) => {
    const one = make("div", "", { role: "option", id: `hint-${n}`, "data-text": text, "aria-selected": "false" });
    one.append(make("span", text));
    if (count) one.append(make("small", String(count)));
    return one;
  };
  const some = (all, title, from) => {
    const group = make("div", "", { class: "some", role: "group", "aria-label": title });
    group.append(...all.map((text, n) => option(text, from + n)));
    return group;
  };
  async function fill() {
    const mine = ++asked;
    typed = input.value;
    const q = typed.trim();
    try {
      if (q) {
        const { items } = await get(`/api/v1/search/suggestions?q=${encodeURIComponent(q)}`);
        if (mine !== asked) return;
        list.replaceChildren(...items.map((one, n) => option(one.text, n, one.count)));
      } else if (box) {
        list.replaceChildren(); // the page itself shows what else there would be
      } else {
        const [mineBefore, { items: hot, picked }] = await Promise.all([
          words.member ? get("/api/v1/search/history").then((answer) => answer.items.slice(0, MOST)) : past(),
          get("/api/v1/search/hot"),
        ]);
        if (mine !== asked) return;
        const parts = [];
        if (mineBefore.length) {
          const head = make("div", words.past, { class: "of" });
          const clear = make("button", words.clear, { type: "button", class: "button bare small" });
          clear.addEventListener("click", () => forget().then(fill));
          head.append(clear);
          parts.push(head, some(mineBefore, words.past, 0));
        }
        const others = picked.filter((text) => !mineBefore.includes(text));
        for (const [all, title, from] of [[hot, words.hot, MOST], [others, words.picked, 2 * MOST]])
          if (all.length) parts.push(make("div", title, { class: "of" }), some(all, title, from));
        list.replaceChildren(...parts);
      }
    } catch {
      list.replaceChildren(); // without suggestions the field is still a field
    }
    at = -1;
    show(document.activeElement === input);
  }
  const go = (text) => {
    input.value = text;
    form.requestSubmit();
  };
  input.addEventListener("focus", fill);
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(fill, 120);
  });
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) show(true);
      const places = options().length + 1; // one of them is what was typed
      const step = event.key === "ArrowDown" ? 1 : -1;
      choose(((at + 1 + step + places) % places) - 1);
    } else if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      input.value = typed;
      show(false);
    }
  });
  list.addEventListener("pointerdown", (event) => event.preventDefault()); // the field keeps the focus
  list.addEventListener("click", (event) => {
    const one = event.target.closest('[role="option"]');
    if (one) go(one.dataset.text);
  });
  input.addEventListener("blur", () => show(false));
  form.addEventListener("submit", () => {
    const q = input.value.trim();
    if (q && !words.member) keep(q);
    show(false);
  });
}

// The page that search begins on shows a guest what this browser keeps.
const box = document.getElementById("past");
document.querySelectorAll("form.seek").forEach(wake);
if (box?.hidden && past().length) {
  box.querySelector(".chips").append(
    ...past().map((text) => make("a", text, { class: "chip", href: `/search?q=${encodeURIComponent(text)}` })),
  );
  box.hidden = false;
}
document.querySelector("[data-clear-searches]")?.addEventListener("click", async () => {
  await forget();
  box.hidden = true;
});
