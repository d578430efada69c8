// A picture is sent as soon as it is chosen. Without this script the form has a field and a button.

const form = document.querySelector(".avatar form");
const input = form.elements.file;

form.classList.add("live");
input.addEventListener("change", () => {
  if (!input.files.length) return;
  form.setAttribute("aria-busy", "true");
  form.requestSubmit();
});
