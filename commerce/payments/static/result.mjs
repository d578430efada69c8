// The result of a payment shows by itself: the order's push is the fast way, asking the API the sure one.

import { get } from "lingfeng/api";
import { on } from "lingfeng/member";

const region = () => document.querySelector("#result");
const QUICK = 1500; // milliseconds between questions at first; slower and slower while nothing comes
let wait = QUICK;
let timer;

const settled = (payment) =>
  payment.status !== "pending" &&
  !(payment.purpose === "late" && payment.status === "paid") &&
  !payment.refunds.some((refund) => refund.status === "pending");

async function show() {
  const answer = await fetch(location.href, { credentials: "same-origin", cache: "no-store" });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("#result");
  if (fresh && fresh.dataset.status !== region().dataset.status) region().replaceWith(document.adoptNode(fresh));
}

async function ask() {
  clearTimeout(timer);
  let over = false;
  try {
    over = settled(await get(`/api/v1/payments/${region().dataset.payment}`));
    await show();
  } catch {
    // no answer: ask again
  }
  wait = Math.min(15_000, wait * 1.2);
  if (!over) timer = setTimeout(ask, wait);
}

on("order", () => {
  wait = QUICK;
  ask();
});
on("resync", ask);
addEventListener("online", ask);
timer = setTimeout(ask, 700);
