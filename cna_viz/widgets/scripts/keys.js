// By keyboard: arrows go from node to node in the order of their numbers, Enter selects or unselects, Escape leaves.
function listenToKeys(frame, places, group, choose, signal) {
  frame.addEventListener("keydown", (event) => {
    const nodes = [...places().marks.keys()].sort((one, other) => one - other);
    const here = nodes.indexOf(group.pointed), last = nodes.length - 1;
    const steps = { ArrowRight: here + 1, ArrowDown: here + 1, ArrowLeft: here < 1 ? last : here - 1, ArrowUp: here < 1 ? last : here - 1, Home: 0, End: last };
    if (event.key in steps && nodes.length) group.point(nodes[steps[event.key] % nodes.length]);
    else if (event.key === "Enter" && group.pointed !== null) choose(() => group.toggle([group.pointed]));
    else if (event.key === "Escape" && (group.pointed !== null || group.selected.size)) group.pointed === null ? choose(() => group.select([])) : group.point(null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }, { signal });
  frame.addEventListener("blur", () => group.point(null), { signal });
}
