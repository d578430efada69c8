// Keeps the part of the page marked data-live as the server has it now: at every word about an order, when a countdown
// ends, and when a sleeping page wakes. What a person has open (a dialog, a sheet) is left alone until it is closed.

import { on } from "lingfeng/member";

const region = () => document.querySelector("[data-live]");
const name = region()?.dataset.live;
let busy = false;
let again = false;

// Somebody is choosing or typing in it: true also moves the refresh to a second later.
function inUse() {
  if (!region()?.querySelector(":popover-open, input:focus, select:focus, textarea:focus")) return false;
  setTimeout(refresh, 1000);
  return true;
}

async function refresh() {
  if (busy) {
    again = true;
    return;
  }
  if (inUse()) return;
  busy = true;
  try {
    const answer = await fetch(location.href, { credentials: "same-origin", cache: "no-store", redirect: "follow" });
    if (answer.redirected && new URL(answer.url).pathname !== location.pathname) {
      location.assign(answer.url); // the cashier of an order that has been paid leads to the order
      return;
    }
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const next = fresh.querySelector("[data-live]");
    if (!next || inUse()) return;
    const status = region().dataset.status;
    region().replaceWith(document.adoptNode(next));
    document.title = fresh.title;
    // A phone's bar of tabs comes back once there is nothing left to pay or to confirm.
    const tabs = fresh.querySelector(".tabbar");
    const shown = document.querySelector(".tabbar");
    if (tabs && !shown) document.body.append(document.adoptNode(tabs));
    if (!tabs && shown) shown.remove();
    if (status !== region().dataset.status) {
      document.dispatchEvent(new CustomEvent("order:moved", { detail: { status: region().dataset.status } }));
    }
  } catch {
    // offline: the connection's return brings a resync
  } finally {
    busy = false;
    if (again) {
      again = false;
      refresh();
    }
  }
}

on("order", (order) => {
  if (name === "orders" || order.order_no === name) refresh();
});
on("resync", refresh);
document.addEventListener("clock:end", () => [500, 2500, 6000, 12_000].forEach((wait) => setTimeout(refresh, wait)));
document.addEventListener("clock:woke", refresh);
