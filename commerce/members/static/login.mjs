// Ask for a code without leaving the page, and count down until another may be asked for. Without this script the
// button posts the form to /login/code, which does the same with a new page.

import { post } from "lingfeng/api";
import { toast } from "lingfeng/toast";

const form = document.querySelector("#door");
const ask = document.querySelector("#ask");
const label = ask.textContent;
let ends = 0;
let ticking;

function show() {
  const left = Math.ceil((ends - performance.now()) / 1000);
  ask.disabled = left > 0;
  ask.textContent = left > 0 ? ask.dataset.again.replace("{n}", String(left)) : label;
  if (left <= 0) clearInterval(ticking);
}

function wait(seconds) {
  ends = performance.now() + seconds * 1000;
  clearInterval(ticking);
  ticking = setInterval(show, 250);
  show();
}

function fault(input, text) {
  const field = input.closest(".field");
  let note = field.querySelector("small");
  if (!text) {
    input.removeAttribute("aria-invalid");
    note?.remove();
    return;
  }
  note ??= field.appendChild(document.createElement("small"));
  note.id = `${input.name}-note`;
  note.textContent = text;
  input.setAttribute("aria-invalid", "true");
  input.setAttribute("aria-describedby", note.id);
  input.focus();
}

const { account, code } = form.elements;
ask.addEventListener("click", async (event) => {
  event.preventDefault();
  if (ask.getAttribute("aria-busy") === "true") return;
  const to = account.value.trim();
  for (const field of [account, code]) fault(field, ""); // what was wrong with the last code says nothing of the next
  ask.setAttribute("aria-busy", "true");
  try {
    if (!/[@\d]/.test(to)) return fault(account, ask.dataset.either);
    const sent = await post("/api/v1/auth/codes", to.includes("@") ? { email: to } : { phone: to });
    wait(sent.retry_after);
    toast(ask.dataset.sent);
    code.focus();
  } catch (error) {
    if (error.status === 429) {
      wait(error.retryAfter ?? 60);
      toast(error.message, { tone: "bad" });
    } else {
      fault(account, error.message);
    }
  } finally {
    ask.removeAttribute("aria-busy");
  }
});

// Enter in a field logs in; the browser would take the form's first button, which asks for a code.
form.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.target.tagName !== "INPUT" || event.isComposing) return;
  event.preventDefault();
  if (code.value.trim()) form.requestSubmit(document.querySelector("#enter"));
  else if (!ask.disabled) ask.click();
});

account.addEventListener("input", () => {
  fault(account, "");
  wait(0); // the limit was that of the number before
});
code.addEventListener("input", () => fault(code, ""));
if (Number(ask.dataset.wait) > 0) wait(Number(ask.dataset.wait));
