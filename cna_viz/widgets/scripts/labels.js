// ipywidgets writes the name of a slider beside it, and tells it to no screen reader.
function nameSliders() {
  for (const slider of document.querySelectorAll(".widget-slider")) {
    const name = slider.querySelector(".widget-label")?.textContent, value = slider.querySelector(".widget-readout")?.textContent;
    for (const handle of slider.querySelectorAll(".noUi-handle")) {
      if (name) handle.setAttribute("aria-label", name);
      if (value) handle.setAttribute("aria-valuetext", value);
    }
  }
}
