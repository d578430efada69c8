// Keeps what has been typed into a new plan in this tab, until it is saved.

const form = document.querySelector("[data-draft]");
const place = `lf:plan:${form.dataset.draft}`;
const names = ["title", "price", "quantity", "limit_per_member", "starts_at", "ends_at", "pay_within_s", "challenge"];

try {
  const kept = JSON.parse(sessionStorage.getItem(place) ?? "null");
  // What the server sends back with faults, or brings along in the address, is newer.
  if (kept && form.dataset.faults === undefined && !location.search) {
    for (const name of names) if (kept[name]) form.elements[name].value = kept[name];
  }
  form.addEventListener("input", () => {
    sessionStorage.setItem(place, JSON.stringify(Object.fromEntries(names.map((name) => [name, form.elements[name].value]))));
  });
  form.addEventListener("submit", (event) => event.submitter?.formMethod !== "get" && sessionStorage.removeItem(place));
} catch {
  // storage is closed to this page: nothing is kept
}
