// Sharing: the device's own sheet where there is one, else ours with the address and its QR picture.

const sheet = document.getElementById("share");
const shared = () => document.getElementById("share-of").dataset; // asked for each time: a choice swaps it

document.querySelector(".marks .share")?.addEventListener("click", async (event) => {
  const { url, title } = shared();
  if (!navigator.share) return; // the button opens the sheet by itself
  event.preventDefault();
  try {
    await navigator.share({ title, url });
  } catch (error) {
    if (error.name !== "AbortError") sheet.showPopover();
  }
});

function byHand(field) {
  field.focus();
  field.select();
  return document.execCommand("copy"); // the only way on plain http
}

sheet?.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy-link]");
  if (!button) return;
  const field = button.parentElement.querySelector("input");
  let copied = true;
  try {
    await navigator.clipboard.writeText(field.value);
  } catch {
    copied = byHand(field);
  }
  const text = button.dataset.text ?? (button.dataset.text = button.textContent);
  button.textContent = copied ? button.dataset.copied : button.dataset.byHand;
  setTimeout(() => (button.textContent = text), 2500);
});
