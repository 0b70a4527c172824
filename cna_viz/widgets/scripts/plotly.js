// plotly.js, 5 MB, comes with one widget of the kernel and is loaded once per page, however many figures are on it.
// Every widget's script is a module of its own, so what they share has to be kept on the page.
async function loadPlotly(library) {
  const name = Symbol.for(`cna_viz plotly ${library.get("version")}`);
  globalThis[name] ??= evaluate(library.get("source"));
  try {
    return await globalThis[name];
  } catch (error) {
    delete globalThis[name];
    throw error;
  }
}

// As a module, with names that keep it from looking for a loader (RequireJS) on the page.
async function evaluate(source) {
  const before = "const module = { exports: {} }, exports = module.exports, define = undefined;\n";
  const parts = [before, source, "\nexport default module.exports;"];
  const address = URL.createObjectURL(new Blob(parts, { type: "text/javascript" }));
  try {
    return (await import(address)).default;
  } finally {
    URL.revokeObjectURL(address);
  }
}
