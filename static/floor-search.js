"use strict";
// What is found is shown while it is typed; without this the button finds the same.

const WAIT_MS = 250;

for (const form of document.querySelectorAll("[data-search]")) {
  const shown = document.getElementById(form.dataset.search);
  const field = form.querySelector("input");
  let timer = 0, asked = null;
  const find = async () => {
    asked?.abort();
    asked = new AbortController();
    const address = `?${new URLSearchParams(new FormData(form))}`;
    try {
      const answer = await fetch(address, { signal: asked.signal, redirect: "error" });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      shown.replaceChildren(...page.getElementById(shown.id).childNodes);
      history.replaceState(null, "", address);
    } catch {
      // Typed on, signed out or no network: the button says what is the matter.
    }
  };
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(find, WAIT_MS);
  });
}
