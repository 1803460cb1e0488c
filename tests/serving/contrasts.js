() => {
  const channels = (colour) => colour.match(/[\d.]+/g).map(Number);
  const light = (colour) => {
    const [r, g, b] = channels(colour).map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (node) => {
    for (let each = node; each; each = each.parentElement) {
      const colour = getComputedStyle(each).backgroundColor;
      if ((channels(colour)[3] ?? 1) === 1) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const found = {};
  for (const node of document.querySelectorAll("h1, label, select, button, p, summary, dt, dd, textarea, a")) {
    if (!node.offsetParent || !(node.textContent.trim() || node.tagName === "TEXTAREA")) continue;
    const [one, other] = [light(getComputedStyle(node).color), light(behind(node))];
    const name = `${node.tagName} ${node.id || node.textContent.trim().slice(0, 20)}`;
    found[name] = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
  }
  return found;
}
