"use strict";
// Nobody is signed in: the floor's pages kept for offline are forgotten.
globalThis.caches?.keys().then((names) => names.forEach((name) => caches.delete(name)));

// After the name the PIN is typed.
const pin = document.querySelector("[name=pin]");
for (const name of document.querySelectorAll("[name=person]")) {
  name.addEventListener("click", (event) => { if (event.clientX) pin.focus(); });
}
