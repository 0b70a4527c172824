// Rings, drawn over a figure: a shape, so that no colour has to be told from another.
function makeOverlay(box) {
  const canvas = document.createElement("canvas");
  canvas.className = "cna-viz-overlay";
  box.after(canvas);
  return function draw(places, group, ink, paper) {
    const { clientWidth: width, clientHeight: height } = box, scale = globalThis.devicePixelRatio || 1;
    canvas.width = width * scale;
    canvas.height = height * scale;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    const pen = canvas.getContext("2d");
    pen.scale(scale, scale);
    for (const node of group.selected) for (const place of pixelsOf(box, places, node)) ring(pen, place, 6, ink, paper);
    if (places.bars.length) fillBars(pen, box, places, group, ink);
    if (group.pointed === null) return;
    drawCurve(pen, box, places.curves[group.pointed], ink);
    for (const place of pixelsOf(box, places, group.pointed)) {
      ring(pen, place, 9, ink, paper);
      label(pen, `node ${group.pointed}`, place, width, ink, paper);
    }
  };
}

function ring(pen, [x, y], radius, ink, paper) {
  for (const [color, width] of [[paper, 5], [ink, 2]]) {
    pen.beginPath();
    pen.arc(x, y, radius, 0, 2 * Math.PI);
    pen.strokeStyle = color;
    pen.lineWidth = width;
    pen.stroke();
  }
}

function label(pen, words, [x, y], width, ink, paper) {
  pen.font = "600 13px system-ui, sans-serif";
  pen.textAlign = x > width / 2 ? "right" : "left";
  const start = x + (x > width / 2 ? -14 : 14);
  pen.lineWidth = 4;
  pen.strokeStyle = paper;
  pen.strokeText(words, start, y + 5);
  pen.fillStyle = ink;
  pen.fillText(words, start, y + 5);
}

// How much of a bar is selected stands beside it as a rule of that share of its height; the bar of the node pointed at is framed.
function fillBars(pen, box, places, group, ink) {
  const rectangles = barRectangles(box);
  for (const column of places.bars) {
    const total = new Map(), chosen = new Map();
    column.forEach((bar, node) => {
      total.set(bar, (total.get(bar) ?? 0) + 1);
      if (group.selected.has(node)) chosen.set(bar, (chosen.get(bar) ?? 0) + 1);
    });
    pen.fillStyle = ink;
    for (const [bar, count] of chosen) {
      const [x, y, width, height] = rectangles[bar] ?? [];
      if (width) pen.fillRect(x + width / 3, y, width / 3, (height * count) / total.get(bar));
    }
    const frame = group.pointed === null ? undefined : rectangles[column[group.pointed]];
    if (!frame) continue;
    pen.strokeStyle = ink;
    pen.lineWidth = 3;
    pen.strokeRect(frame[0] - 2, frame[1] - 2, frame[2] + 4, frame[3] + 4);
  }
}

// The curve of the cluster in which the node pointed at is.
function drawCurve(pen, box, name, ink) {
  if (name === undefined || name === null) return;
  for (const trace of box._fullData) {
    if (trace.legendgroup !== name || !/lines/.test(trace.mode ?? "") || trace.visible !== true) continue;
    pen.beginPath();
    let down = false;
    trace.x.forEach((x, point) => {
      const place = Number.isFinite(trace.y[point]) ? pixel(box, trace, x, trace.y[point]) : null;
      if (place) pen[down ? "lineTo" : "moveTo"](...place);
      down = place !== null;
    });
    pen.strokeStyle = ink;
    pen.lineWidth = 4;
    pen.globalAlpha = 0.75;
    pen.stroke();
    pen.globalAlpha = 1;
  }
}
