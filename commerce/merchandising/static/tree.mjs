// Sisters in the tree change places by drag; the buttons beside them do the same, one step at a time.

const tree = document.querySelector("[data-tree]");
const form = document.querySelector("#drop");
let dragged;

tree?.addEventListener("dragstart", (event) => {
  dragged = event.target.closest("li");
  dragged?.classList.add("lifted");
});
tree?.addEventListener("dragend", () => {
  dragged?.classList.remove("lifted");
  dragged = undefined;
  tree.querySelector(".over")?.classList.remove("over");
});
tree?.addEventListener("dragover", (event) => {
  const over = event.target.closest("li");
  tree.querySelector(".over")?.classList.remove("over");
  if (!dragged || !over || over === dragged || over.dataset.parent !== dragged.dataset.parent) return;
  event.preventDefault();
  over.classList.add("over");
});
tree?.addEventListener("drop", (event) => {
  const over = event.target.closest("li");
  if (!dragged || !over || over.dataset.parent !== dragged.dataset.parent) return;
  event.preventDefault();
  form.action = `/backoffice/categories/${dragged.dataset.id}`;
  form.elements.before.value = over.dataset.id;
  form.requestSubmit();
});
