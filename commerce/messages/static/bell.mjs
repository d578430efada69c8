// The bell counts unread messages, on a phone's bar of tabs and in the member centre too: as they stand when the page
// opens, then at each new one.

import { get } from "lingfeng/api";

const STAY = 5000; // milliseconds: who only passes by needs no connection
const bells = document.querySelectorAll("[data-bell], .tabbar a[href='/me'], .quick a[href='/me/messages']");

function show(unread) {
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
    // no answer: the next page, or the connection, asks again
  }
}

async function listen() {
  if (document.visibilityState !== "visible") {
    document.addEventListener("visibilitychange", listen, { once: true });
    return;
  }
  const { on } = await import("lingfeng/member");
  on("message", (message) => show(message.unread));
  on("resync", ask);
}

(globalThis.requestIdleCallback ?? setTimeout)(ask);
setTimeout(listen, STAY);
