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

async function evaluate(module) {
  const address = URL.createObjectURL(new Blob([module], { type: "text/javascript" }));
  try {
    return (await import(address)).default;
  } finally {
    URL.revokeObjectURL(address);
  }
}
