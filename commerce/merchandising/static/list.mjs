// The choice of products outlives a page of the list: it is kept in this tab until it is used or given up.

const form = document.querySelector("#chosen");
if (form) {
  const place = "lf:products";
  const boxes = [...document.querySelectorAll("[data-one]")];
  const all = document.querySelector("[data-all]");
  const whole = form.querySelector("[data-whole-field]");
  const field = form.querySelector("[data-ids]");
  let chosen = new Set();
  try {
    chosen = new Set(JSON.parse(sessionStorage.getItem(place) ?? "[]"));
  } catch {
    // storage is closed to this page: the choice is this page's
  }
  const show = () => {
    for (const box of boxes) box.checked = whole.value === "1" || chosen.has(box.value);
    all.checked = boxes.length > 0 && boxes.every((box) => box.checked);
    all.indeterminate = !all.checked && boxes.some((box) => box.checked);
    const n = whole.value === "1" ? form.dataset.total : chosen.size;
    form.hidden = !n;
    form.querySelector("[data-count]").textContent = (whole.value === "1" ? form.dataset.whole : form.dataset.chosen).replace("{n}", n);
    try {
      sessionStorage.setItem(place, JSON.stringify([...chosen]));
    } catch {
      // as above
    }
  };
  const choose = (box) => (box.checked ? chosen.add(box.value) : chosen.delete(box.value));
  for (const box of boxes)
    box.addEventListener("change", () => {
      if (whole.value === "1") for (const other of boxes) choose(other);
      whole.value = "";
      choose(box);
      show();
    });
  all.addEventListener("change", () => {
    whole.value = "";
    for (const box of boxes) {
      box.checked = all.checked;
      choose(box);
    }
    show();
  });
  form.querySelector("[data-take-all]")?.addEventListener("click", () => {
    whole.value = "1";
    show();
  });
  form.querySelector("[data-none]").addEventListener("click", () => {
    chosen.clear();
    whole.value = "";
    show();
  });
  form.addEventListener("submit", () => {
    // Those of other pages go along; the boxes of this one would come twice.
    field.value = [...chosen].join(",");
    field.disabled = false;
    for (const box of boxes) box.disabled = true;
    try {
      sessionStorage.removeItem(place);
    } catch {
      // as above
    }
  });
  addEventListener("pageshow", (event) => event.persisted && location.reload());
  show();
}
