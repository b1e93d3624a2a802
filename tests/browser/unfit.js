// What does not fit a page of the admin: goes on beside the screen or beyond its box, is cut off, or is too small to
// read or to touch, or has no label: [what, why].
() => {
  const named = (each) => `${each.tagName} ${each.getAttribute("class") || ""} ${(each.textContent || each.name || "").trim().slice(0, 40)}`;
  const found = [];
  const page = document.scrollingElement;
  if (page.scrollWidth > page.clientWidth) found.push(["page", `${page.scrollWidth} in ${page.clientWidth}`]);
  const hidden = ".brand, .visually-hidden, .select2-hidden-accessible, svg *, select, input";
  for (const each of document.querySelectorAll("#container *:not(script, style, template, option)")) {
    if (each.matches(hidden) || each.clientWidth < 2 || !each.checkVisibility()) continue;
    if (each.scrollWidth <= each.clientWidth + 1) continue;
    const { overflowX, textOverflow } = getComputedStyle(each);
    if (overflowX !== "visible" && textOverflow !== "ellipsis") found.push([named(each), `${each.scrollWidth} in ${each.clientWidth}`]);
  }
  for (const each of document.querySelectorAll("main svg text")) {
    if (!each.checkVisibility()) continue;
    const size = parseFloat(getComputedStyle(each).fontSize) * each.getScreenCTM().a;
    if (size < 12.99) found.push([named(each), `${size} px`]);
  }
  for (const each of document.querySelectorAll("main :is(td, tbody th) > a")) {
    const { width, height } = each.getBoundingClientRect();
    if (width > 1 && height < 24) found.push([named(each), `${height} px high`]);
  }
  for (const table of document.querySelectorAll("main table:has(thead)")) { // cards: who names their cells?
    const headings = [...table.querySelectorAll("thead th:not(.action-checkbox-column)")].filter((each) => each.checkVisibility());
    const unnamed = "tbody td:not([data-label], [colspan], .original, .action-checkbox, .delete)";
    if (headings.length) continue;
    for (const each of table.querySelectorAll(unnamed)) if (each.checkVisibility()) found.push([named(each), "has no label"]);
  }
  return found;
}
