// The bell counts unread messages, on a phone's bar of tabs too: as they stand at the connection, then at each new one.

import { get } from "lingfeng/api";

const bells = document.querySelectorAll("[data-bell], .tabbar a[href='/me']");
let known = false;

function show(unread) {
  known = true;
  for (const bell of bells) {
    let count = bell.querySelector(".count");
    if (!count) {
      count = document.createElement("b");
      count.className = "count";
      bell.append(count);
    }
    count.hidden = !unread;
    count.textContent = unread > 99 ? "99+" : String(unread);
  }
}

async function ask() {
  try {
    show((await get("/api/v1/me/messages/unread")).total);
  } catch {
    // no answer: the next connection asks again
  }
}

// The page comes first: the connection is made once the browser has nothing better to do.
async function listen() {
  const { on } = await import("lingfeng/member");
  on("message", (message) => show(message.unread));
  on("resync", ask);
}

(globalThis.requestIdleCallback ?? setTimeout)(listen);
setTimeout(() => known || ask(), 4000); // where no connection comes about
