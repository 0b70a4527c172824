// Many marks are drawn by WebGL, several times as quickly; a browser without it draws the same marks as SVG.
function drawable(data) {
  const many = data.some((trace) => trace.type === "scattergl");
  return many && !hasWebGL() ? data.map((trace) => (trace.type === "scattergl" ? { ...trace, type: "scatter" } : trace)) : data;
}

// Asked once per page: to ask takes some hundredths of a second.
function hasWebGL() {
  return (globalThis[Symbol.for("cna_viz webgl")] ??= canDrawByWebGL());
}

function canDrawByWebGL() {
  const pen = document.createElement("canvas").getContext("webgl");
  pen?.getExtension("WEBGL_lose_context")?.loseContext(); // browsers allow a page only some of them
  return pen !== null;
}
