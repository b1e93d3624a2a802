"use strict";
// Runs of the queue are dragged to their place, by mouse or finger. The buttons do the same.

for (const handle of document.querySelectorAll(".queue-order .handle")) {
  const row = handle.closest("li"), list = row.parentElement;
  let next; // what was below it before

  handle.hidden = false;
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
    const below = [...list.children].find((each) => each !== row && event.clientY < middle(each));
    if (below !== row.nextElementSibling) list.insertBefore(row, below ?? null);
  });
  handle.addEventListener("pointerup", (event) => finish(event, true));
  handle.addEventListener("pointercancel", (event) => finish(event, false));

  const finish = (event, isDropped) => {
    if (!row.classList.contains("dragged")) return;
    row.classList.remove("dragged");
    if (row.nextElementSibling === next) return;
    if (isDropped) send();
    else list.insertBefore(row, next);
  };
  const send = () => {
    const [side, other] = row.nextElementSibling ? ["before", row.nextElementSibling] : ["after", row.previousElementSibling];
    const button = document.createElement("button");
    Object.assign(button, { name: "move", value: `${row.dataset.run} ${side} ${other.dataset.run}`, hidden: true });
    button.textContent = row.querySelector(".code").textContent;
    list.closest("form").append(button);
    list.closest("form").requestSubmit(button);
  };
}
