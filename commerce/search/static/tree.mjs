// The chosen category comes into sight among many. Without this file people scroll to it.
const rail = document.querySelector(".tops");
const chosen = rail?.querySelector("[aria-current]");
if (chosen) rail.scrollTop = chosen.offsetTop - rail.offsetTop - (rail.clientHeight - chosen.clientHeight) / 2;
