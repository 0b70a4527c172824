// What the switch of our pages says holds for JupyterLab's widgets, too.
function tellJupyter() {
  const dark = document.documentElement.dataset.theme === "dark";
  for (const [id, on] of [["jp-light", !dark], ["jp-dark", dark]]) document.getElementById(id).disabled = !on;
  if (!document.body) return;
  document.body.dataset.jpThemeLight = String(!dark);
  document.body.classList.toggle("theme-dark", dark);
  document.body.classList.toggle("theme-light", !dark);
}
document.addEventListener("theme", tellJupyter);
document.addEventListener("DOMContentLoaded", tellJupyter);
tellJupyter();
