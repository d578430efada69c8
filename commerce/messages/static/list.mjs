// Choose every message of the page at once; the buttons work on what is chosen, and wait until something is.

const all = document.querySelector("[data-all]");
const boxes = [...document.querySelectorAll("input[name=message_id]")];
const buttons = document.querySelectorAll("button[form=chosen]");

function show() {
  const chosen = boxes.filter((box) => box.checked).length;
  all.checked = chosen === boxes.length;
  all.indeterminate = chosen > 0 && chosen < boxes.length;
  for (const button of buttons) button.disabled = chosen === 0;
}

if (all) {
  all.closest("[hidden]").hidden = false;
  all.addEventListener("change", () => {
    for (const box of boxes) box.checked = all.checked;
    show();
  });
  for (const box of boxes) box.addEventListener("change", show);
  addEventListener("pageshow", show); // who comes back finds what was chosen
  show();
}
