"use strict";
// A button beside each text that is to be copied. Without it, a touch selects all of the text.

for (const text of document.querySelectorAll(".secret")) {
  const button = Object.assign(document.createElement("button"), {
    type: "button", className: "button copy", textContent: "Copy",
  });
  button.addEventListener("click", () => {
    getSelection().selectAllChildren(text);
    // navigator.clipboard is only there with HTTPS, which many a farm's own network has not.
    button.textContent = document.execCommand("copy") ? "Copied" : "Press Ctrl+C";
  });
  text.after(" ", button);
}
