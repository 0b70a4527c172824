// Where in a drawn figure a node is: marks whose customdata are numbers of nodes, bars of a flow, curves of a cluster.
function findPlaces(box) {
  const marks = new Map();
  for (const trace of box._fullData) {
    if (trace.visible !== true || !/markers/.test(trace.mode ?? "") || !trace.customdata?.length) continue;
    trace.customdata.forEach((node, point) => {
      if (!Number.isInteger(node) || !Number.isFinite(trace.x[point])) return;
      if (!marks.has(node)) marks.set(node, []);
      marks.get(node).push([trace, point]);
    });
  }
  return { marks, bars: box.layout.meta?.bars ?? [], curves: box.layout.meta?.curve_of_node ?? [] };
}

const axisOf = (box, trace, letter) => box._fullLayout[`${letter}axis${(trace[`${letter}axis`] ?? letter).slice(1)}`];

// The pixel of a point, or null where it is outside of its panel.
function pixel(box, trace, x, y) {
  const place = [["x", x], ["y", y]].map(([letter, value]) => {
    const axis = axisOf(box, trace, letter);
    const within = axis.l2p(axis.d2l(value));
    return within >= -1 && within <= axis._length + 1 ? axis._offset + within : NaN;
  });
  return place.every(Number.isFinite) ? place : null;
}

function pixelsOf(box, places, node) {
  return (places.marks.get(node) ?? []).map(([trace, point]) => pixel(box, trace, trace.x[point], trace.y[point])).filter(Boolean);
}

// The rectangles of the bars of a flow, in the order of its nodes.
function barRectangles(box) {
  const origin = box.getBoundingClientRect(), found = [];
  for (const group of box.querySelectorAll(".sankey-node")) {
    const { left, top, width, height } = group.querySelector(".node-rect").getBoundingClientRect();
    found[group.__data__.node.pointNumber] = [left - origin.left, top - origin.top, width, height];
  }
  return found;
}

// Which nodes of the graph are in a bar.
const nodesOfBar = (places, bar) => places.bars.flatMap((column) => [...column.keys()].filter((node) => column[node] === bar));
