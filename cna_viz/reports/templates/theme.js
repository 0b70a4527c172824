"use strict";
// Light or dark: what the system says, until the button is pressed. Set before the page is drawn, so that it doesn't flash.
const root = document.documentElement;
const system = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => root.dataset.theme === "dark";
function setTheme(dark) {
  const changed = dark !== isDark();
  root.dataset.theme = dark ? "dark" : "light";
  for (const button of document.querySelectorAll(".theme")) {
    button.hidden = false;
    button.textContent = dark ? "Light" : "Dark";
    button.setAttribute("aria-label", `Switch to ${dark ? "light" : "dark"} colours`);
  }
  if (changed) document.dispatchEvent(new Event("theme"));
}
setTheme(system.matches);
system.addEventListener("change", () => setTheme(system.matches));
document.addEventListener("DOMContentLoaded", () => {
  setTheme(isDark());
  document.querySelector(".theme").addEventListener("click", () => setTheme(!isDark()));
});
// Paper is white.
let before = false;
addEventListener("beforeprint", () => { before = isDark(); setTheme(false); });
addEventListener("afterprint", () => setTheme(before));
