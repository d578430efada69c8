// Light, dark, or as the device says. The choice is applied before the first paint by a line in the page's head.

const root = document.documentElement;

function read() {
  try {
    return localStorage.getItem("theme") ?? "";
  } catch {
    return ""; // storage is closed to this page: the device decides
  }
}

function show(choice) {
  if (choice) root.dataset.theme = choice;
  else delete root.dataset.theme;
  for (const button of document.querySelectorAll("[data-theme-choice]")) {
    button.setAttribute("aria-pressed", String(button.dataset.themeChoice === choice));
  }
}

/** Wire every [data-theme-choice] button ("", "light", "dark"). */
export function startTheme() {
  show(read());
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-theme-choice]");
    if (!button) return;
    const choice = button.dataset.themeChoice;
    try {
      if (choice) localStorage.setItem("theme", choice);
      else localStorage.removeItem("theme");
    } catch {
      // not kept over a reload, still applied now
    }
    show(choice);
  });
}
