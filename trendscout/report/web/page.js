"use strict";
(() => {
  const root = document.documentElement;
  const list = document.getElementById("rows");
  const cards = list ? [...list.children] : [];
  const filters = [...document.querySelectorAll("[data-filter]")];
  const search = document.getElementById("search");
  const sort = document.getElementById("sort");

  const recall = (key) => { try { return localStorage.getItem("trendscout-" + key); } catch { return null; } };
  const keep = (key, value) => { try { localStorage.setItem("trendscout-" + key, value); } catch { /* files may not */ } };

  function speak(lang) {
    root.dataset.lang = lang;
    root.lang = lang === "zh" ? "zh-CN" : "en";
    for (const one of document.querySelectorAll("[data-label-en]")) {
      const label = lang === "zh" ? one.dataset.labelZh : one.dataset.labelEn;
      if (one.tagName === "OPTION") one.textContent = label;
      else one.setAttribute("aria-label", label);
      if ("placeholder" in one) one.placeholder = label;
    }
  }
  document.getElementById("lang").addEventListener("click", () => {
    const lang = root.dataset.lang === "zh" ? "en" : "zh";
    keep("lang", lang);
    speak(lang);
  });
  document.getElementById("theme").addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    keep("theme", root.dataset.theme);
  });
  if (recall("theme")) root.dataset.theme = recall("theme");
  speak(recall("lang") || root.dataset.lang);

  const texts = new Map(cards.map((card) => [
    card, (card.querySelector(".title").textContent + " " + card.dataset.text).toLowerCase(),
  ]));
  // A value holds when the card has it among its space-separated words.
  function passes(card) {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    return filters.every((one) => !one.value || (" " + card.dataset[one.dataset.filter] + " ").includes(" " + one.value + " "))
      && words.every((word) => texts.get(card).includes(word));
  }
  function filter() {
    let shown = 0;
    for (const card of cards) {
      card.hidden = !passes(card);
      shown += card.hidden ? 0 : 1;
    }
    document.getElementById("shown").textContent = shown;
    document.getElementById("none").hidden = shown > 0;
  }
  function order() {
    const up = sort.value === "position" || sort.value === "price";
    const number = (card) => Number(card.dataset[sort.value]);  // NaN where it is not known
    const compare = (a, b) => {
      const [x, y] = [number(a), number(b)];
      if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) - Number.isNaN(y);  // unknown goes last
      return (up ? x - y : y - x) || a.dataset.position - b.dataset.position;
    };
    list.append(...[...cards].sort(compare));
    list.classList.toggle("mixed", sort.value !== "position");  // headings are of the report's own order
  }
  if (list) {
    for (const one of filters) one.addEventListener("change", filter);
    search.addEventListener("input", filter);
    sort.addEventListener("change", order);
    filter();
  }

  // Below the first rows, what recurs stands once in the page, and comes to where a row is opened.
  const said = document.getElementById("texts");
  if (said) {
    list.addEventListener("toggle", (event) => {
      for (const one of event.target.querySelectorAll("[data-t]")) {
        one.append(...one.dataset.t.split(" ").map((number) => said.content.children[number].cloneNode(true)));
        one.removeAttribute("data-t");
      }
    }, true);  // it does not bubble
  }

  // Where days do not fit, the last ones are looked at first.
  for (const one of document.querySelectorAll(".scroll")) one.scrollLeft = one.scrollWidth;

  // Pictures are the only thing asked of the outside, when they come near; one that fails leaves its empty frame.
  for (const image of document.querySelectorAll("img[data-src]")) {
    image.addEventListener("error", () => image.remove());
    image.src = image.dataset.src;
  }
})();
