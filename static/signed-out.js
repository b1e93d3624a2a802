"use strict";
// Nobody is signed in: the floor's pages kept for offline are forgotten.
globalThis.caches?.keys().then((names) => names.forEach((name) => caches.delete(name)));
