// Figures of one group share, within the page and without asking the kernel, the node that is pointed at and those that
// are selected.
function joinGroup(name, told, signal) {
  const groups = (globalThis[Symbol.for("cna_viz groups")] ??= new Map());
  const group = groups.get(name) ?? { pointed: null, selected: new Set(), members: new Set() };
  groups.set(name, group);
  group.members.add(told);
  signal.addEventListener("abort", () => {
    group.members.delete(told);
    if (group.members.size === 0) groups.delete(name);
  });
  const tell = () => group.members.forEach((member) => member());
  return {
    get pointed() { return group.pointed; },
    get selected() { return group.selected; },
    point(node) {
      if (node === group.pointed) return;
      group.pointed = node;
      tell();
    },
    select(nodes) {
      const wanted = new Set(nodes);
      if (wanted.size === group.selected.size && [...wanted].every((node) => group.selected.has(node))) return;
      group.selected = wanted;
      tell();
    },
    toggle(nodes) {
      const all = nodes.every((node) => group.selected.has(node));
      const rest = [...group.selected].filter((node) => !nodes.includes(node));
      this.select(all ? rest : [...rest, ...nodes]);
    },
  };
}
