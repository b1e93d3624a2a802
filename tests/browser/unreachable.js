// What a keyboard does not reach on the page, or reaches without a mark that can be seen; what of the
// text is cut off at the right: [what, why].
() => {
  const named = (each) => `${each.tagName} ${each.className} ${(each.textContent || each.name).trim().slice(0, 40)}`;
  const seen = (each) => !each.matches(".brand, main, .visually-hidden") && each.checkVisibility() && each.getBoundingClientRect().width > 1;
  const touched = "a[href], button, summary, select, textarea, input:not([type=hidden]), [tabindex]";
  const found = [];
  for (const each of document.querySelectorAll(touched)) {
    if (!seen(each) || each.disabled) continue;
    if (each.tabIndex < 0) { found.push([named(each), "is left out"]); continue; }
    const marked = [each, each.closest("label")].filter(Boolean);
    const look = () => marked.map((one) => { const { outline, boxShadow } = getComputedStyle(one); return outline + boxShadow; }).join();
    document.activeElement.blur();
    const before = look();
    each.focus({ preventScroll: true });
    if (document.activeElement !== each) found.push([named(each), "takes no focus"]);
    else if (look() === before) found.push([named(each), "has no mark"]);
  }
  document.activeElement.blur();
  for (const each of document.querySelectorAll("main *, header *")) {
    const { overflowX, textOverflow } = getComputedStyle(each);
    const cuts = ["hidden", "clip"].includes(overflowX) && textOverflow === "clip" && seen(each);
    if (cuts && !each.matches("input") && each.scrollWidth > each.clientWidth + 1) found.push([named(each), "is cut off"]);
  }
  return found;
}
