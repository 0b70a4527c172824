"use strict";
// plotly.js would offer a button that uploads the figure to its maker's service: not from a page that asks the net for nothing.
const ours = { responsive: true, displaylogo: false, showSendToCloud: false, plotlyServerURL: "" };
// Draw every figure from the JSON beside it; one that can't be drawn says so and leaves the others alone.
for (const box of document.querySelectorAll(".drawing")) {
  const { data, layout, config, frames } = JSON.parse(document.getElementById(`${box.id}-data`).textContent);
  Plotly.newPlot(box, data, layout, { ...config, ...ours })
    .then(() => frames.length && Plotly.addFrames(box, frames))
    .catch((error) => { box.textContent = `This figure can't be drawn: ${error}`; });
}
