// Ask for codes without leaving the page: to the account's own phone or mail address (data-ask="proof"), or to a new one
// (data-ask="new"). Without this script the buttons post the form, which does the same with a new page.

import { post } from "lingfeng/api";
import { refused, toast } from "lingfeng/toast";

const ticks = new WeakMap();

function countDown(button, seconds) {
  const label = (button.dataset.label ??= button.textContent);
  const ends = performance.now() + seconds * 1000;
  clearInterval(ticks.get(button));
  const ticking = setInterval(show, 250);
  ticks.set(button, ticking);
  function show() {
    const left = Math.ceil((ends - performance.now()) / 1000);
    button.disabled = left > 0;
    button.textContent = left > 0 ? button.dataset.again.replace("{n}", String(left)) : label;
    if (left <= 0) clearInterval(ticking);
  }
  show();
}

function asked(form, kind) {
  if (kind === "proof") return ["/api/v1/me/proof-codes", { by: form.elements.by.value }];
  const to = form.elements.to.value.trim();
  return ["/api/v1/auth/codes", to.includes("@") ? { email: to } : { phone: to }];
}

for (const button of document.querySelectorAll("[data-ask]")) {
  const form = button.form;
  // The limit was that of the one before: whether this one has to wait too is told when it is asked for.
  form.addEventListener(button.dataset.ask === "proof" ? "change" : "input", (event) => {
    if (event.target.name === (button.dataset.ask === "proof" ? "by" : "to")) countDown(button, 0);
  });
  if (Number(button.dataset.wait) > 0) countDown(button, Number(button.dataset.wait));
  button.addEventListener("click", async (event) => {
    event.preventDefault();
    if (button.getAttribute("aria-busy") === "true") return;
    button.setAttribute("aria-busy", "true");
    try {
      const sent = await post(...asked(form, button.dataset.ask));
      countDown(button, sent.retry_after);
      toast(button.dataset.sent);
      form.elements[button.dataset.ask === "proof" ? "code" : "new_code"].focus();
    } catch (error) {
      if (error.status === 429) countDown(button, error.retryAfter ?? 60);
      refused(error);
    } finally {
      button.removeAttribute("aria-busy");
    }
  });
}
