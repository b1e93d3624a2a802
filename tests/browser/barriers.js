// What axe finds on the page, and the looks of text whose contrast was measured by now: measuring
// takes longer than all other rules together, and once is enough for texts that look the same.
async (measured) => {
  const looks = new Set(measured);
  const isExempt = (each) =>
    !each.checkVisibility({ opacityProperty: true, visibilityProperty: true }) ||
    each.getBoundingClientRect().width <= 1 ||
    (each.closest("label")?.control ?? each).closest(":disabled, [aria-disabled=true]");
  const hasText = (each) =>
    each.matches("input, select, textarea") ||
    [...each.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
  const look = (each) => {
    const { color, fontSize, fontWeight, textShadow } = getComputedStyle(each);
    const parts = [color, fontSize, fontWeight, textShadow];
    for (let behind = each; behind; behind = behind.parentElement) {
      const { backgroundColor, backgroundImage, opacity } = getComputedStyle(behind);
      parts.push(backgroundColor, backgroundImage, opacity);
      if (backgroundColor.startsWith("rgb(")) break; // opaque
    }
    return parts.join(" ");
  };
  const isNew = (each) => looks.size < looks.add(look(each)).size;
  const fresh = [...document.body.querySelectorAll("*")].filter(
    (each) => hasText(each) && !isExempt(each) && isNew(each)
  );
  const options = { resultTypes: ["violations"], preload: false };
  const rules = { "color-contrast": { enabled: false } };
  const found = [await axe.run({ ...options, rules })];
  if (fresh.length) found.push(await axe.run({ include: fresh }, { ...options, runOnly: ["color-contrast"] }));
  return { violations: found.flatMap((each) => each.violations), looks: [...looks] };
}
