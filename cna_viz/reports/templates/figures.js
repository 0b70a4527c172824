"use strict";
// plotly.js would offer a button that uploads the figure to its maker's service: not from a page that asks the net for nothing.
const ours = { responsive: true, displaylogo: false, showSendToCloud: false, plotlyServerURL: "" };

// A figure on a dark page is the same figure, each colour of the theme exchanged by its counterpart (figures/dark_theme.py).
const darkColors = JSON.parse(document.getElementById("dark-colors").textContent);
const hex = (number) => Number(number).toString(16).padStart(2, "0");
function counterpart(color) {
  const [, alpha, r, g, b, opacity] = color.match(/^rgb(a?)\((\d+), ?(\d+), ?(\d+)(?:, ?([\d.]+))?\)$/) || [];
  const found = darkColors[(r ? `#${hex(r)}${hex(g)}${hex(b)}` : color).toLowerCase()];
  return found ? found + (alpha ? hex(Math.round(255 * opacity)) : "") : color;
}
function exchange(value, key = "") {
  if (typeof value === "string") return /color(scale)?$/i.test(key) ? counterpart(value) : value;
  if (Array.isArray(value)) return value.map((inner) => exchange(inner, key));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, exchange(inner, name)]));
}

// Draw every figure from the JSON beside it; one that can't be drawn says so and leaves the others alone.
function draw(box) {
  const figure = JSON.parse(document.getElementById(`${box.id}-data`).textContent);
  const { data, layout, config, frames } = isDark() ? exchange(figure) : figure;
  Plotly.newPlot(box, data, layout, { ...config, ...ours })
    .then(() => frames.length && Plotly.addFrames(box, frames))
    .catch((error) => { box.textContent = `This figure can't be drawn: ${error}`; });
}
const boxes = document.querySelectorAll(".drawing");
boxes.forEach(draw);
document.addEventListener("theme", () => boxes.forEach(draw));
