"use strict";
// The floor works without this; with it figures are updated while one types.

const number = (text) => Number.parseFloat(text.replace(",", "."));
const locale = document.getElementById("waiting")?.dataset.locale || document.documentElement.lang;
const formatted = (value) => value.toLocaleString(locale, { maximumFractionDigits: 2, useGrouping: false }).replace("-", "−");

for (const form of document.querySelectorAll("[data-weigh]")) {
  const gross = form.querySelector("[name=gross_grams]");
  const tare = number(form.dataset.tare);
  const update = () => {
    const net = number(gross.value) - tare;
    for (const row of form.querySelectorAll("[data-figure]")) row.hidden = Number.isNaN(net);
    if (Number.isNaN(net)) return;
    const off = Math.round((net - number(form.dataset.book)) * 100) / 100; // 970.1 - 970.1 may be a little less than 0
    form.querySelector("[data-net]").value = formatted(net);
    form.querySelector("[data-off]").value = (off > 0 ? "+" : off < 0 ? "−" : "") + formatted(Math.abs(off));
  };
  gross.addEventListener("input", update);
  update();
}

// A count gets a button on either side, and what is scrapped is not good.
for (const input of document.querySelectorAll("[data-count]")) {
  const label = input.labels[0]?.textContent.trim() ?? "";
  const steps = document.createElement("div");
  steps.className = "steps";
  input.replaceWith(steps);
  const button = (text, by) => {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = text;
    made.setAttribute("aria-label", `${label} ${text}`);
    made.addEventListener("click", () => {
      input.value = Math.max((Number.parseInt(input.value, 10) || 0) + by, 0);
      input.dispatchEvent(new Event("input", { bubbles: true }));
    });
    return made;
  };
  steps.append(button("−", -1), input, button("+", 1));
}

for (const item of document.querySelectorAll("[data-quantity]")) {
  const good = item.querySelector("[name$=-good_count]");
  const scrapped = item.querySelector("[name$=-scrapped_count]");
  const quantity = Number(item.dataset.quantity);
  const reasons = item.querySelector(".reasons");
  const ask = () => { reasons.hidden = !(Number.parseInt(scrapped.value, 10) > 0); };
  scrapped.addEventListener("input", () => {
    const left = quantity - (Number.parseInt(scrapped.value, 10) || 0);
    if (Number.parseInt(good.value, 10) > left) good.value = Math.max(left, 0);
    ask();
  });
  ask();
}

// What must be chosen or put right may be in a part that is closed.
document.addEventListener("invalid", (event) => {
  for (let part = event.target.closest("details"); part; part = part.parentElement.closest("details")) part.open = true;
}, true);

// What is typed is no estimate, whatever was there before.
for (const input of document.querySelectorAll("[data-estimate]")) {
  const hint = document.getElementById(`${input.id}_helptext`);
  if (hint) input.addEventListener("input", () => { hint.hidden = input.value !== input.defaultValue; });
}
