"use strict";
// Signed out: the floor's pages stored for offline use are deleted.
globalThis.caches?.keys().then((names) => names.forEach((name) => caches.delete(name)));

// After the name the PIN is typed.
const pin = document.querySelector("[name=pin]");
for (const name of document.querySelectorAll("[name=person]")) {
  name.addEventListener("click", (event) => { if (event.clientX) pin.focus(); });
}
