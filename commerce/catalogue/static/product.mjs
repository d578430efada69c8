// A choice swaps price, stock and options in place; the gallery stays and moves to the chosen picture.

const slides = document.querySelector("#gallery .slides");
const calm = matchMedia("(prefers-reduced-motion: reduce)");

document.addEventListener("htmx:afterSettle", () => {
  const picture = document.querySelector("#sku-head img")?.dataset.whole;
  const at = [...(slides?.children ?? [])].findIndex((slide) => slide.dataset.whole === picture);
  if (at >= 0) slides.scrollTo({ left: at * slides.clientWidth, behavior: calm.matches ? "instant" : "smooth" });
});
