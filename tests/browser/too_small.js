// What is smaller on the page than it may be: [what, its size].
() => {
  const closed = document.querySelectorAll("details:not([open])");
  for (const each of closed) each.open = true;
  const seen = (each) => each.checkVisibility() && each.getBoundingClientRect().width > 1;
  const named = (each) => {
    const text = (each.textContent || each.name).trim().slice(0, 40);
    return `${each.tagName} ${each.className} ${text}`;
  };
  const found = [];
  const touched = "a[href], button, summary, select, textarea, input:not([type=hidden]), label:has(input)";
  for (const each of document.querySelectorAll(touched)) {
    const label = each.closest("label:has(input)"); // a box is touched by its label
    if (!seen(each) || (label && label !== each)) continue;
    const { width, height } = each.getBoundingClientRect();
    const least = each.matches(".primary") ? 64 : 48;
    if (Math.min(width, height) < least - 0.01) found.push([named(each), `${width} x ${height}`]);
  }
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const { parentElement, data } = texts.currentNode;
    if (!data.trim() || !seen(parentElement) || parentElement.closest("script, style, template")) continue;
    const size = getComputedStyle(parentElement).fontSize;
    if (parseFloat(size) < 18) found.push([named(parentElement), size]);
  }
  for (const each of closed) each.open = false;
  return found;
}
