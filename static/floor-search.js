"use strict";
// Updates the results while one types; without this the button does.

const WAIT_MS = 250;

for (const form of document.querySelectorAll("[data-search]")) {
  const results = document.getElementById(form.dataset.search);
  const field = form.querySelector("input");
  let timer = 0, request = null;
  const find = async () => {
    request?.abort();
    request = new AbortController();
    const address = `?${new URLSearchParams(new FormData(form))}`;
    try {
      const answer = await fetch(address, { signal: request.signal, redirect: "error" });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      results.replaceChildren(...page.getElementById(results.id).childNodes);
      history.replaceState(null, "", address);
    } catch {
      // Typed on, signed out or no network: the button gives the reason.
    }
  };
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(find, WAIT_MS);
  });
}
