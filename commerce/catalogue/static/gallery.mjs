// A product's pictures in full: from a picture, from the button, or with Enter.

import { view } from "lingfeng/viewer";

const gallery = document.getElementById("gallery");
const slides = gallery.querySelector(".slides");
const look = gallery.querySelector(".look");
const shown = () => [...slides.querySelectorAll("img[data-whole]")];

function open(index) {
  const pictures = shown();
  gallery.querySelector("video")?.pause();
  const all = pictures.map((one) => ({ whole: one.dataset.whole, small: one.currentSrc || one.src, alt: one.alt }));
  view(all, index, gallery.dataset, (at) => {
    const place = [...slides.children].indexOf(pictures[at]);
    slides.scrollTo({ left: place * slides.clientWidth, behavior: "instant" });
  });
}

slides.addEventListener("click", (event) => {
  const index = shown().indexOf(event.target);
  if (index >= 0) open(index);
});
const current = () => {
  const slide = slides.children[Math.round(slides.scrollLeft / Math.max(1, slides.clientWidth))];
  return Math.max(0, shown().indexOf(slide));
};
look.hidden = false;
look.addEventListener("click", () => open(current()));
slides.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target === slides) open(current());
});
