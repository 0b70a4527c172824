// One finished figure. What was sent last is what is seen: figures that come while another is drawn are skipped, and
// nothing is drawn that is far from being seen.
const NEAR = { rootMargin: "25%", scrollMargin: "25%" };
const CONFIG = { displaylogo: false, showSendToCloud: false, plotlyServerURL: "", scrollZoom: false };

async function render({ model, el, host, signal }) {
  const [frame, box, spoken] = ["div", "div", "span"].map((name) => document.createElement(name));
  frame.className = "cna-viz-view";
  spoken.className = "cna-viz-spoken";
  spoken.setAttribute("role", "status");
  frame.tabIndex = 0;
  frame.setAttribute("role", "group");
  frame.append(box, spoken);
  el.append(frame);
  let state, Plotly;
  try {
    state = await host.getModel(model.get("state"));
    frame.setAttribute("aria-label", state.get("words"));
    box.style.height = `${state.get("height")}px`; // its place, before it is drawn
    Plotly = await loadPlotly(await host.getModel(model.get("library")));
  } catch (error) {
    frame.textContent = `This figure can't be drawn: ${error}`;
    return;
  }
  if (signal.aborted) return;
  const exchange = exchanger(JSON.parse(model.get("counterparts"))), overlay = makeOverlay(box);
  let places = { marks: new Map(), bars: [], curves: [] }, looks = {}, width = 0, failed = false;
  const group = joinGroup(state.get("group") || Symbol("alone"), onGroup, signal);

  function mark() {
    if (box._fullData) overlay(places, group, looks.ink, looks.paper);
  }
  function onGroup() {
    mark();
    const { pointed, selected } = group;
    if (!failed) spoken.textContent = pointed === null ? "" : `node ${pointed}${selected.has(pointed) ? ", selected" : ""}`;
  }
  function sayFailure(error) {
    if (error === null && !failed) return;
    failed = error !== null;
    spoken.textContent = failed ? `This figure can't be drawn: ${error}` : "";
    spoken.className = failed ? "cna-viz-message" : "cna-viz-spoken";
  }
  async function drawOnce() {
    const figure = JSON.parse(state.get("drawing")), dark = pageIsDark();
    const { data, layout, frames = [] } = dark ? exchange(figure) : figure;
    looks = { ink: layout.font?.color ?? (dark ? "#fff" : "#000"), paper: layout.paper_bgcolor ?? (dark ? "#000" : "#fff") };
    box.style.height = `${layout.height}px`;
    await Plotly.react(box, { data: drawable(data), layout: { ...layout, width: (width = el.clientWidth) }, config: CONFIG, frames });
    listen();
    places = findPlaces(box);
    mark();
    nameSliders();
    box.dispatchEvent(new CustomEvent("cna-viz-drawn", { bubbles: true }));
  }
  let drawing = false, wanted = false, near = false;
  async function draw() {
    wanted = true;
    if (drawing) return;
    drawing = true;
    while (wanted && near && el.clientWidth > 0 && !signal.aborted) {
      wanted = false;
      try {
        await drawOnce();
        sayFailure(null);
      } catch (error) {
        sayFailure(error);
      }
    }
    drawing = false;
    if (!wanted || signal.aborted) return;
    width = 0; // what changes while it is hidden is drawn when it is seen again, whatever its width is then
    if (!near) return;
    size.unobserve(el); // hidden and shown within one frame, it has not changed for an observer that goes on
    size.observe(el);
  }
  let clearing = false, listening = false;
  function listen() {
    if (listening) return;
    listening = true;
    const nodesOf = (points) => points.map((point) => point.customdata).filter(Number.isInteger);
    box.on("plotly_hover", ({ points }) => group.point(nodesOf(points)[0] ?? null));
    box.on("plotly_unhover", () => group.point(null));
    box.on("plotly_click", ({ points }) => {
      const bar = points[0]?.curveNumber !== undefined && places.bars.length && points[0].source === undefined ? points[0].pointNumber : null;
      const nodes = nodesOf(points);
      if (nodes.length) choose(() => group.toggle(nodes.slice(0, 1)));
      else if (bar !== null) choose(() => group.toggle(nodesOfBar(places, bar)));
    });
    box.on("plotly_selected", (event) => {
      if (!event || clearing) return;
      choose(() => group.select(nodesOf(event.points)));
      // The rings say what is selected, in all figures alike. Taking the outline away tells of an empty selection.
      clearing = true;
      Plotly.update(box, { selectedpoints: null }, { selections: [] }).finally(() => (clearing = false));
    });
    for (const event of ["plotly_relayout", "plotly_relayouting"]) box.on(event, mark);
  }
  // Only the figure in which it was done tells the kernel.
  function choose(act) {
    act();
    state.set("selected", [...group.selected].sort((one, other) => one - other));
    state.save_changes();
  }
  const sight = new IntersectionObserver((entries) => {
    near = entries.at(-1).isIntersecting;
    if (near && wanted) draw();
  }, NEAR);
  const drawToPrint = () => { near = true; draw(); };
  const size = new ResizeObserver(() => el.clientWidth > 0 && el.clientWidth !== width && draw()); // it calls at once, too
  onTheme(draw, signal);
  state.on("change:drawing", draw);
  state.on("change:words", () => frame.setAttribute("aria-label", state.get("words")));
  state.on("change:selected", () => group.select(state.get("selected")));
  listenToKeys(frame, () => places, group, choose, signal);
  signal.addEventListener("abort", () => {
    size.disconnect();
    sight.disconnect();
    Plotly.purge(box);
  });
  globalThis.addEventListener("beforeprint", drawToPrint, { signal });
  await untilThereIsRoom(el, signal);
  if (signal.aborted) return;
  let whole = el;
  // Half a pixel too much would show scroll bars. Not "visible": with that, moves of a slider took many times as long.
  for (let box = el.closest(".widget-box"); box; box = box.parentElement.closest(".widget-box")) (whole = box).style.overflow = "hidden";
  keepKeys(whole, signal);
  wanted = true;
  sight.observe(frame);
  group.select(state.get("selected"));
  size.observe(el);
}

// Notebook 7 would take the arrows of a slider, or of a figure, for its own and go to another cell.
function keepKeys(whole, signal) {
  whole.addEventListener("focusin", ({ target }) => (target.dataset.lmSuppressShortcuts = "true"), { signal });
}

// A notebook makes the outputs of its cells before it puts them on the page.
function untilThereIsRoom(el, signal) {
  return new Promise((resolve) => {
    const waiting = new ResizeObserver(() => {
      if (el.clientWidth > 0) end();
    });
    const end = () => { waiting.disconnect(); resolve(); };
    signal.addEventListener("abort", end);
    waiting.observe(el);
  });
}

export default { render };
