// The region picker: choosing a province brings its cities, choosing a city its districts. Without this script the
// button below the three selects posts the form, which comes back with the next level filled.

import { get } from "lingfeng/api";
import { toast } from "lingfeng/toast";

const levels = document.querySelector(".levels");
const [province, city, district] = levels.querySelectorAll("select");
let asked = 0;

function fill(select, places) {
  const blank = select.options[0];
  select.replaceChildren(blank, ...places.map(({ code, name }) => new Option(name, code)));
  select.value = places.length === 1 ? places[0].code : "";
}

async function load(query) {
  return (await get(`/api/v1/regions?${query}`)).items;
}

async function follow(from) {
  const turn = ++asked;
  levels.setAttribute("aria-busy", "true");
  try {
    if (from === province) {
      fill(city, []);
      fill(district, []);
      const cities = province.value ? await load(`province=${province.value}`) : [];
      if (turn !== asked) return;
      fill(city, cities);
    }
    fill(district, []);
    const districts = city.value ? await load(`city=${city.value}`) : [];
    if (turn !== asked) return;
    fill(district, districts);
  } catch (error) {
    if (turn === asked) toast(error.message, { tone: "bad" });
  } finally {
    if (turn === asked) levels.removeAttribute("aria-busy");
  }
}

levels.classList.add("live");
province.addEventListener("change", () => follow(province));
city.addEventListener("change", () => follow(city));
