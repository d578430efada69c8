// Large pictures over the whole screen: swiped or stepped through, zoomed by pinch, double tap, click, wheel or keys.
// They are asked for when they are looked at, not with the page. Going back closes them, as × and Esc do.

const MOST = 4;
const NEAR = 2.5;
const TAP_MS = 280;
const TAP_PX = 10;

let dialog, track, output, words, told;
let pictures = []; // { whole, small, alt } of each, `film` for a video
let at = 0;
let seen = { scale: 1, x: 0, y: 0 };
const fingers = new Map();
let grip = null; // how it all stood when the fingers last changed
let tapped = null;

const picture = () => track.children[at].firstElementChild;
const film = () => pictures[at].film;
const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

function button(name, icon, text, run) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = name;
  made.setAttribute("aria-label", text);
  made.innerHTML = `<svg class="icon" aria-hidden="true"><use href="${words.icons}#${icon}"/></svg>`;
  made.addEventListener("click", run);
  return made;
}

function build() {
  dialog = document.createElement("dialog");
  dialog.className = "viewer";
  track = document.createElement("div");
  track.className = "track";
  output = document.createElement("output");
  dialog.append(
    output,
    button("shut", "x", words.close, () => dialog.close()),
    button("zoom", "search", words.zoom, () => toggle(innerWidth / 2, innerHeight / 2)),
    button("before", "left", words.before, () => go(at - 1)),
    button("after", "right", words.after, () => go(at + 1)),
    track,
  );
  document.body.append(dialog);
  dialog.addEventListener("keydown", keyed);
  dialog.addEventListener("wheel", wheeled, { passive: false });
  track.addEventListener("pointerdown", down);
  track.addEventListener("pointermove", moved);
  for (const end of ["pointerup", "pointercancel"]) track.addEventListener(end, up);
  dialog.addEventListener("close", closed);
  addEventListener("popstate", () => dialog.open && dialog.close());
  addEventListener("resize", () => dialog.open && (reset(), slide(0, false)));
}

/** Ask for a picture of full size, once; what the page has of it stands there meanwhile. */
function load(index) {
  const figure = track.children[index];
  if (!figure || figure.dataset.asked || pictures[index].film) return;
  figure.dataset.asked = "1";
  const image = figure.firstElementChild;
  const { whole, small } = pictures[index];
  image.src = small;
  if (image.getAttribute("src") === whole) return;
  const large = new Image();
  large.onload = () => (image.src = whole);
  large.src = whole;
}

function framed(one) {
  const figure = document.createElement("figure");
  const shown = document.createElement(one.film ? "video" : "img");
  if (one.film) {
    shown.controls = shown.playsInline = true;
    shown.preload = "none";
    shown.src = one.film;
    shown.setAttribute("aria-label", one.alt);
  } else {
    shown.alt = one.alt;
    shown.draggable = false;
  }
  figure.append(shown);
  return figure;
}

/** Show `all` from the one at `index`; `said` are the words of the element that they belong to (ui.viewed), `closed` is
    called with the index that was looked at last. */
export function view(all, index, said, closed) {
  words = said;
  told = closed;
  if (!dialog) build();
  dialog.setAttribute("aria-label", words.view);
  pictures = all;
  track.replaceChildren(...pictures.map(framed));
  at = clamp(index, 0, pictures.length - 1);
  dialog.showModal(); // keeps the focus inside, and gives it back at the end
  history.pushState({ ...history.state, viewer: true }, "");
  dialog.querySelector(".shut").focus();
  reset();
  settle(false);
}

function closed() {
  fingers.clear();
  grip = null;
  track.replaceChildren(); // and no film plays on
  if (history.state?.viewer) history.back(); // closed by hand, not by going back
  told?.(at);
}

function slide(offset, calm = true) {
  track.classList.toggle("calm", calm);
  track.style.transform = `translateX(${-at * dialog.clientWidth + offset}px)`;
}

function settle(calm = true) {
  slide(0, calm);
  for (const index of [at, at + 1, at - 1]) load(index);
  for (const video of track.querySelectorAll("video")) video.pause();
  if (film()) picture().play().catch(() => {}); // where it may not start by itself, it has its button
  dialog.classList.toggle("film", Boolean(film()));
  output.textContent = `${at + 1} / ${pictures.length}`;
  dialog.querySelector(".before").disabled = at === 0;
  dialog.querySelector(".after").disabled = at === pictures.length - 1;
}

function go(index) {
  const next = clamp(index, 0, pictures.length - 1);
  if (next !== at) reset();
  at = next;
  settle();
}

function reset() {
  seen = { scale: 1, x: 0, y: 0 };
  paint(false);
}

function paint(calm) {
  const image = picture();
  const base = { width: image.offsetWidth, height: image.offsetHeight, left: image.offsetLeft, top: image.offsetTop };
  const { clientWidth: width, clientHeight: height } = dialog;
  const left = base.left - at * width; // offsets count from the dialog, the track stands still for them
  const along = (x, start, size, room) =>
    size * seen.scale <= room ? (room - size * seen.scale) / 2 - start : clamp(x, room - size * seen.scale - start, -start);
  seen.x = seen.scale === 1 ? 0 : along(seen.x, left, base.width, width);
  seen.y = seen.scale === 1 ? 0 : along(seen.y, base.top, base.height, height);
  image.classList.toggle("calm", calm);
  image.style.transform = seen.scale === 1 ? "" : `translate(${seen.x}px, ${seen.y}px) scale(${seen.scale})`;
  dialog.classList.toggle("near", seen.scale > 1);
}

/** Zoom to `scale` so that what lies under (x, y) of the screen stays there. */
function zoom(scale, x, y, calm = true) {
  if (film()) return;
  const image = picture();
  const left = image.offsetLeft - at * dialog.clientWidth;
  const next = clamp(scale, 1, MOST);
  const ratio = next / seen.scale;
  seen.x = x - left - (x - left - seen.x) * ratio;
  seen.y = y - image.offsetTop - (y - image.offsetTop - seen.y) * ratio;
  seen.scale = next;
  paint(calm);
}

const toggle = (x, y) => zoom(seen.scale > 1 ? 1 : NEAR, x, y);

function hold() {
  const points = [...fingers.values()];
  const middle = (key) => points.reduce((sum, point) => sum + point[key], 0) / points.length;
  grip = points.length
    ? {
        x: middle("x"),
        y: middle("y"),
        apart: points.length > 1 ? Math.hypot(points[0].x - points[1].x, points[0].y - points[1].y) : 0,
        seen: { ...seen },
        began: grip?.began ?? performance.now(),
        far: grip?.far ?? 0,
        many: (grip?.many ?? false) || points.length > 1,
        dragged: 0,
      }
    : null;
}

function down(event) {
  if (event.button || event.target.closest("video")) return;
  event.preventDefault();
  track.setPointerCapture(event.pointerId);
  fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  hold();
}

function moved(event) {
  if (!fingers.has(event.pointerId) || !grip) return;
  fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  const points = [...fingers.values()];
  const x = points.reduce((sum, point) => sum + point.x, 0) / points.length;
  const y = points.reduce((sum, point) => sum + point.y, 0) / points.length;
  const [dx, dy] = [x - grip.x, y - grip.y];
  grip.far = Math.max(grip.far, Math.hypot(dx, dy));
  if (points.length > 1 && grip.apart) {
    const apart = Math.hypot(points[0].x - points[1].x, points[0].y - points[1].y);
    seen = { ...grip.seen };
    zoom((grip.seen.scale * apart) / grip.apart, grip.x, grip.y, false);
    seen.x += dx;
    seen.y += dy;
    paint(false);
  } else if (seen.scale > 1) {
    seen.x = grip.seen.x + dx;
    seen.y = grip.seen.y + dy;
    paint(false);
  } else if (!grip.many) {
    const edge = (at === 0 && dx > 0) || (at === pictures.length - 1 && dx < 0);
    grip.dragged = dx;
    slide(edge ? dx / 3 : dx, false);
  }
}

function up(event) {
  if (!fingers.delete(event.pointerId)) return;
  if (fingers.size) return hold();
  const { far, many, dragged, began } = grip;
  const quick = performance.now() - began < TAP_MS;
  grip = null;
  if (event.type === "pointerup" && far < TAP_PX && !many) {
    slide(0);
    return tap(event);
  }
  if (seen.scale > 1 || many) return settle();
  const enough = Math.abs(dragged) > dialog.clientWidth / 4 || (quick && Math.abs(dragged) > 40);
  go(event.type === "pointerup" && enough ? at - Math.sign(dragged) : at);
}

/** A mouse's click zooms; fingers tap twice for it. */
function tap(event) {
  if (event.pointerType === "mouse") return toggle(event.clientX, event.clientY);
  const now = performance.now();
  if (tapped && now - tapped.when < TAP_MS && Math.hypot(tapped.x - event.clientX, tapped.y - event.clientY) < 40) {
    tapped = null;
    return toggle(event.clientX, event.clientY);
  }
  tapped = { when: now, x: event.clientX, y: event.clientY };
}

function wheeled(event) {
  event.preventDefault();
  zoom(seen.scale * Math.exp(-event.deltaY / 400), event.clientX, event.clientY, false);
}

function keyed(event) {
  if (event.target.closest("video")) return;
  const steps = { ArrowLeft: -1, ArrowRight: 1, Home: -pictures.length, End: pictures.length };
  const zooms = { "+": seen.scale * 1.5, "=": seen.scale * 1.5, "-": seen.scale / 1.5, 0: 1 };
  if (event.key in steps) go(at + steps[event.key]);
  else if (event.key in zooms && !event.ctrlKey && !event.metaKey) zoom(zooms[event.key], innerWidth / 2, innerHeight / 2);
  else return;
  event.preventDefault();
}
