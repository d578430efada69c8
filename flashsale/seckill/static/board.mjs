// The board moves by itself: figures every second and a half, the books every few seconds, neither while nobody looks.

const root = document.querySelector("[data-board]");
const base = `/backoffice/flash-sales/${root.dataset.board}`;

function beat(fine) {
  const pulse = document.querySelector("#pulse");
  pulse.hidden = false;
  pulse.querySelector(".dot").className = fine ? "dot on" : "dot wait";
  pulse.querySelector("span").textContent = fine ? root.dataset.liveWord : root.dataset.still;
}

// Word, clock and buttons above belong to where the sale stands, and what was said of it belongs to the past: when it
// moves on they come anew. False while somebody is being asked something: nothing is taken from under a finger.
async function turn() {
  if (document.querySelector("#asks :popover-open")) return false;
  const answer = await fetch(base, { credentials: "same-origin", cache: "no-store" });
  if (!answer.ok) throw new Error(String(answer.status));
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of [".strip", "#said", "#asks"]) {
    document.querySelector(part).replaceWith(document.adoptNode(page.querySelector(part)));
  }
  history.replaceState(history.state, "", base);
  return true;
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
  if (id === "live" && old.dataset.show !== fresh.dataset.show && !(await turn())) return;
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
    timer = setTimeout(turn, document.getElementById("live")?.dataset.show === "ended" ? 15_000 : wait);
  };
  timer = setTimeout(turn, wait);
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && turn());
}

every("live", "live", 1500);
every("books", "books", 5000);
