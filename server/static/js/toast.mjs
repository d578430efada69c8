// A short word at the bottom of the screen; read aloud; gone after a few seconds unless someone points at it.

let region;

function place() {
  if (region?.isConnected) return region;
  region = document.createElement("div");
  region.className = "toasts";
  region.setAttribute("role", "status");
  document.body.append(region);
  return region;
}

/** Say why something was refused; where that is for want of a log-in, lead to it and back here afterwards. */
export function refused(error) {
  const label = document.querySelector('meta[name="csrf-token"]')?.dataset.door;
  const door = () => location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
  const action = error.status === 401 && label ? { label, run: door } : undefined;
  return toast(error.message, { tone: "bad", action });
}

/** Say `text`. `tone` "bad" for what went wrong; `action` {label, run} for the way back. Returns a function that takes it away. */
export function toast(text, { tone = "", action, seconds = 4 } = {}) {
  const box = document.createElement("div");
  box.className = tone ? `toast ${tone}` : "toast";
  box.append(text);
  const leave = () => box.remove();
  if (action) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = action.label;
    button.addEventListener("click", () => {
      leave();
      action.run();
    });
    box.append(button);
  }
  let timer;
  const wait = () => (timer = setTimeout(leave, (action ? seconds + 3 : seconds) * 1000));
  for (const stay of ["pointerenter", "focusin"]) box.addEventListener(stay, () => clearTimeout(timer));
  for (const go of ["pointerleave", "focusout"]) box.addEventListener(go, wait);
  place().append(box);
  wait();
  return leave;
}
