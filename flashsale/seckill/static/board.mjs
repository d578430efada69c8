// The board moves by itself: figures every second and a half, the books every few seconds, neither while nobody looks.

const root = document.querySelector("[data-board]");
const pulse = document.querySelector("#pulse");
const base = `/backoffice/flash-sales/${root.dataset.board}`;

function beat(fine) {
  pulse.hidden = false;
  pulse.querySelector(".dot").className = fine ? "dot on" : "dot wait";
  pulse.querySelector("span").textContent = fine ? root.dataset.liveWord : root.dataset.still;
}

async function bring(path, id) {
  const answer = await fetch(`${base}/${path}`, { credentials: "same-origin", cache: "no-store" });
  if (answer.redirected) return void location.reload(); // logged out
  if (!answer.ok) throw new Error(String(answer.status));
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(id);
  const old = document.getElementById(id);
  if (!fresh || !old) return;
  for (const one of old.querySelectorAll("details[open]")) fresh.querySelector(`#${one.id}`)?.setAttribute("open", "");
  const focus = old.contains(document.activeElement) ? document.activeElement.closest("details")?.id : undefined;
  // The buttons above belong to the state: another one needs another page.
  if (id === "live" && old.dataset.state !== fresh.dataset.state) return void location.assign(base);
  old.replaceWith(document.adoptNode(fresh));
  if (focus) document.querySelector(`#${focus} summary`)?.focus({ preventScroll: true });
}

function every(path, id, wait) {
  let timer;
  const turn = async () => {
    clearTimeout(timer);
    if (document.visibilityState === "visible") {
      try {
        await bring(path, id);
        beat(true);
      } catch {
        beat(false);
      }
    }
    timer = setTimeout(turn, document.getElementById("live")?.dataset.phase === "ended" ? 15_000 : wait);
  };
  timer = setTimeout(turn, wait);
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && turn());
}

every("live", "live", 1500);
every("books", "books", 5000);
