// The choice of light or dark goes with the reader from page to page, for as long as the tab is open.
const remembered = sessionStorage.getItem("cna-viz-theme");
if (remembered) setTheme(remembered === "dark");
document.addEventListener("theme", () => sessionStorage.setItem("cna-viz-theme", root.dataset.theme));
