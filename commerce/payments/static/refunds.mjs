// Refunds that are under way show by themselves how they end: the part marked data-refunds is asked for again while it
// says data-pending, less and less often, and with it what is marked data-follows. A question that somebody has open is
// left alone.

const region = () => document.querySelector("[data-refunds]");
let wait = 1500; // milliseconds

async function refresh() {
  wait = Math.min(15_000, wait * 1.3);
  try {
    if (!document.hidden && !region().querySelector(":popover-open")) {
      const answer = await fetch(location.href, { credentials: "same-origin", cache: "no-store" });
      if (answer.redirected || (answer.status >= 400 && answer.status < 500)) return; // no longer ours to see
      if (!answer.ok) throw new Error(answer.statusText);
      const parts = "[data-refunds], [data-follows]";
      const fresh = [...new DOMParser().parseFromString(await answer.text(), "text/html").querySelectorAll(parts)];
      const shown = [...document.querySelectorAll(parts)];
      if (fresh.length !== shown.length) return;
      if (!region().querySelector(":popover-open")) {
        shown.forEach((part, at) => part.replaceWith(document.adoptNode(fresh[at])));
      }
    }
  } catch {
    // no answer, or none for now: ask again
  }
  watch();
}

function watch() {
  if (region()?.hasAttribute("data-pending")) setTimeout(refresh, wait);
}

watch();
