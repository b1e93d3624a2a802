"use strict";
// Without this, files are chosen in the field and sent by the button. With it they can be dropped
// anywhere on the page, and are sent at once.

for (const form of document.querySelectorAll("[data-drop]")) {
  const field = form.querySelector("[type=file]"), button = form.querySelector("[type=submit]");
  const sending = form.querySelector("[data-sending]"), unsent = form.querySelector("[data-unsent]");
  const send = () => { if (field.files.length) form.requestSubmit(); };
  const mark = (isOver) => form.classList.toggle("over", isOver);

  field.addEventListener("change", send);
  // Without a network the browser would leave the page for its own, and the files be lost.
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    [sending.hidden, unsent.hidden] = [false, true];
    try {
      await fetch(location.href, { method: "HEAD", cache: "no-store" });
      form.submit();
    } catch {
      button.disabled = false;
      [sending.hidden, unsent.hidden, field.value] = [true, false, ""];
    }
  });
  addEventListener("dragover", (event) => {
    if (![...event.dataTransfer.types].includes("Files")) return;
    event.preventDefault();
    mark(true);
  });
  addEventListener("dragleave", (event) => { if (!event.relatedTarget) mark(false); });
  addEventListener("drop", (event) => {
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    mark(false);
    field.files = event.dataTransfer.files;
    send();
  });
  // Back from the next page, by the browser's button.
  addEventListener("pageshow", () => { button.disabled = false; sending.hidden = true; });
}
