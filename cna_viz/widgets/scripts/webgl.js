// Many marks are drawn by WebGL, several times as quickly; a browser without it draws the same marks as SVG.
const hasWebGL = (() => {
  const pen = document.createElement("canvas").getContext("webgl");
  pen?.getExtension("WEBGL_lose_context")?.loseContext(); // browsers allow a page only some of them
  return pen !== null;
})();
const drawable = (data) => (hasWebGL ? data : data.map((trace) => (trace.type === "scattergl" ? { ...trace, type: "scatter" } : trace)));
