// Is the page dark? Each host says it in a way of its own: our own pages, JupyterLab and Voila, VS Code; else the system's wish.
function pageIsDark() {
  const own = document.documentElement.dataset.theme;
  if (own) return own === "dark";
  const { jpThemeLight } = document.body.dataset;
  if (jpThemeLight) return jpThemeLight === "false";
  if (/vscode-/.test(document.body.className)) return /vscode-(dark|high-contrast)(?!-light)/.test(document.body.className);
  return matchMedia("(prefers-color-scheme: dark)").matches;
}

// Call `then` whenever the answer may have changed, until `signal` ends it.
function onTheme(then, signal) {
  const observer = new MutationObserver(then);
  for (const element of [document.documentElement, document.body]) observer.observe(element, { attributes: true, attributeFilter: ["class", "data-theme", "data-jp-theme-light"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", then, { signal });
  signal.addEventListener("abort", () => observer.disconnect());
}
