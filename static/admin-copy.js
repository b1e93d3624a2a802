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

// A link that copies its own address; where that can't be done, it is followed, and its address is in the browser's bar.
for (const link of document.querySelectorAll("a.copy-link")) {
  link.addEventListener("click", event => {
    const text = Object.assign(document.createElement("span"), { textContent: link.href });
    link.after(text);
    getSelection().selectAllChildren(text);
    const isCopied = document.execCommand("copy");
    text.remove();
    if (!isCopied) return;
    event.preventDefault();
    link.textContent = "Copied";
  });
}
