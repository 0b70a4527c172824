"use strict";
// plotly.js would offer a button that uploads the figure to its maker's service: not from a page that asks the net for nothing.
const ours = { responsive: true, displaylogo: false, showSendToCloud: false, plotlyServerURL: "" };

{{ exchange_script | safe }}
const exchange = exchanger(JSON.parse(document.getElementById("dark-colors").textContent));

// Pairs of traces in layout.meta.linked hold the same things in the same order: pointing at one points at its partner, too.
function link(box, pairs) {
  const partners = new Map(pairs.flatMap(([one, other]) => [[one, other], [other, one]]));
  box.on("plotly_hover", ({ points }) => {
    const [{ curveNumber, pointNumber }] = points;
    // What is shown by Fx.hover is an event again: of two points, where this one was of one.
    if (points.length > 1 || !partners.has(curveNumber)) return;
    const both = [curveNumber, partners.get(curveNumber)];
    const panels = both.map((curve) => (box.data[curve].xaxis ?? "x") + (box.data[curve].yaxis ?? "y"));
    Plotly.Fx.hover(box, both.map((curve) => ({ curveNumber: curve, pointNumber })), panels);
  });
}

// Draw every figure from the JSON beside it; one that can't be drawn says so and leaves the others alone.
function draw(box) {
  const figure = JSON.parse(document.getElementById(`${box.id}-data`).textContent);
  const { data, layout, config, frames } = isDark() ? exchange(figure) : figure;
  Plotly.newPlot(box, data, layout, { ...config, ...ours })
    .then(() => frames.length && Plotly.addFrames(box, frames))
    .then(() => layout.meta?.linked && link(box, layout.meta.linked))
    .catch((error) => { box.textContent = `This figure can't be drawn: ${error}`; });
}
const boxes = document.querySelectorAll(".drawing");
boxes.forEach(draw);
document.addEventListener("theme", () => boxes.forEach(draw));
