// A figure on a dark page is the same figure, each colour of the theme exchanged by its counterpart (figures/dark_theme.py).
function exchanger(counterparts) {
  const hex = (number) => Number(number).toString(16).padStart(2, "0");
  function counterpart(color) {
    const [, alpha, r, g, b, opacity] = color.match(/^rgb(a?)\((\d+), ?(\d+), ?(\d+)(?:, ?([\d.]+))?\)$/) || [];
    const found = counterparts[(r ? `#${hex(r)}${hex(g)}${hex(b)}` : color).toLowerCase()];
    return found ? found + (alpha ? hex(Math.round(255 * opacity)) : "") : color;
  }
  return function exchange(value, key = "") {
    if (typeof value === "string") return /color(scale)?$/i.test(key) ? counterpart(value) : value;
    if (Array.isArray(value)) return value.map((inner) => exchange(inner, key));
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, exchange(inner, name)]));
  };
}
