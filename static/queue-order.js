"use strict";
// Runs of the queue are dragged to their place, by mouse or finger. The buttons do the same.

const EDGE = 80, STEP = 24; // px: where the page is scrolled, and by how much

for (const row of document.querySelectorAll(".queue-order li:not(:only-child)")) {
  const list = row.parentElement, handle = document.createElement("i");
  let next; // what was below it before

  handle.ariaHidden = true;
  handle.textContent = "⠿";
  row.prepend(handle);
  handle.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    event.preventDefault();
    handle.setPointerCapture(event.pointerId);
    next = row.nextElementSibling;
    row.classList.add("dragged");
  });
  handle.addEventListener("pointermove", (event) => {
    if (!handle.hasPointerCapture(event.pointerId)) return;
    const middle = (each) => each.getBoundingClientRect().top + each.offsetHeight / 2;
    let other; // the others move: a row that is taken out loses the pointer
    while ((other = row.nextElementSibling) && event.clientY > middle(other)) row.before(other);
    while ((other = row.previousElementSibling) && event.clientY < middle(other)) row.after(other);
    if (event.clientY < EDGE) scrollBy(0, -STEP);
    if (event.clientY > innerHeight - EDGE) scrollBy(0, STEP);
  });
  handle.addEventListener("pointerup", () => finish(true));
  handle.addEventListener("lostpointercapture", () => finish(false)); // after it, or instead of it

  const finish = (isDropped) => {
    if (!row.classList.contains("dragged")) return;
    row.classList.remove("dragged");
    if (row.nextElementSibling === next) return;
    if (isDropped) send();
    else list.insertBefore(row, next);
  };
  const send = () => {
    const [side, other] = row.nextElementSibling ? ["before", row.nextElementSibling] : ["after", row.previousElementSibling];
    const button = document.createElement("button"), id = (each) => each.id.split("-")[1];
    Object.assign(button, { name: "move", value: `${id(row)} ${side} ${id(other)}`, hidden: true });
    button.textContent = row.querySelector(".code").textContent;
    list.closest("form").append(button);
    list.closest("form").requestSubmit(button);
  };
}
