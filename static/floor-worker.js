"use strict";
// The floor's pages as they were last seen, for when there is no network.
//
// The network goes first, always. A stored page is marked (data-offline; its style shows since
// when). Pages are stored for one person at a time; signing out and the sign-in page delete them.

const FILES = "floor-files";
const TIMEOUT = 5_000; // milliseconds until a stored page is better than none
const MAX_PAGES = 80; // pages
const OFFLINE_PAGE = `<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>No network</title>
<script src="/static/admin/js/theme.js"></script><link rel="stylesheet" href="/static/tokens.css"><link rel="stylesheet" href="/static/pages.css"><link rel="stylesheet" href="/static/floor.css">
<main><h1>No network</h1><p class="message">This page was not kept on this device.
What waits to be sent is safe, and is sent when the network is back.</p>
<p><a class="button primary" href="/floor/">Today</a></p></main></html>`;
let isOffline = false;

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("message", (event) => event.waitUntil(
  Promise.all(event.data.map(async (address) => keep(address, await fetch(address)))),
));
addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (request.mode === "navigate") event.respondWith(page(event));
  else if (pathname.startsWith("/static/")) event.respondWith(file(event));
});

const cached = (request) => caches.match(request, { ignoreVary: true });

const fetched = (event) => {
  const answer = fetch(event.request);
  event.waitUntil(answer.then((response) => keep(event.request, response.clone())).catch(() => {}));
  return answer;
};

const keep = async (request, response) => {
  const isFile = new URL(response.url || "/floor/", location).pathname.startsWith("/static/");
  const person = response.headers.get("Floor-Person");
  if (!response.ok || response.redirected || !(isFile || person)) return;
  const name = isFile ? FILES : `floor-of-${person}`;
  const cache = await caches.open(name);
  await cache.put(request, response);
  if (isFile) return;
  for (const other of await caches.keys()) if (other !== name && other !== FILES) await caches.delete(other);
  for (const old of (await cache.keys()).slice(0, -MAX_PAGES)) await cache.delete(old);
};

const page = async (event) => {
  const before = await cached(event.request);
  const tooLate = before && new Promise((_, reject) => { setTimeout(reject, TIMEOUT); });
  try {
    const response = await Promise.race([fetched(event), tooLate].filter(Boolean));
    isOffline = before && [429, 502, 503, 504].includes(response.status);
    return isOffline ? marked(before) : response;
  } catch {
    isOffline = true;
    return before ? marked(before) : new Response(OFFLINE_PAGE, { headers: { "Content-Type": "text/html" } });
  }
};

const file = async (event) => {
  const before = await cached(event.request);
  if (isOffline && before) return before;
  return fetched(event).catch(() => before ?? Response.error());
};

const marked = async (response) => {
  const headers = new Headers(response.headers);
  headers.delete("Content-Encoding");
  headers.delete("Content-Length");
  return new Response((await response.text()).replace("<html", "<html data-offline"), { headers });
};
