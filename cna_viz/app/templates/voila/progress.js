// Text can be read while the kernel works; the bar says how far it has come, in words for those who listen, too.
function tellProgress(words, done, all) {
  const line = document.getElementById("loading");
  if (!line) return;
  line.querySelector("span").textContent = words;
  if (all) Object.assign(line.querySelector("progress"), { max: all, value: done });
}
window.voila_process = (cell, count) => tellProgress(`Making the page: part ${cell} of ${count} …`, cell, count);
window.voila_heartbeat = () => {};
// Voila calls this when all cells have run; the scripts that draw begin only then.
window.voila_finish = () => {
  const line = document.getElementById("loading");
  if (!line) return;
  tellProgress("Drawing the pictures …", 1, 1);
  const drawn = () => document.querySelector("#rendered_cells .jp-OutputArea-output");
  const look = new MutationObserver(() => {
    if (!drawn()) return;
    look.disconnect();
    line.remove();
  });
  look.observe(document.getElementById("rendered_cells"), { childList: true, subtree: true });
};
// The message about an unfinished page replaces the progress in the bar.
window.cna_viz_broken_off = () => {
  const said = [...document.querySelectorAll(".cna-viz-message")].at(-1);
  document.getElementById("loading")?.replaceWith(said);
};
