// A browser takes a second to read plotly.js: it begins when the kernel sends it, not when the first figure is there.
export default { initialize: ({ model }) => void loadPlotly(model).catch(() => {}) };
