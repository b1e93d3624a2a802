// A form that can't be sent waits here, and is sent when the network is back.
//
// Each waiting form is an item of localStorage, named by the form's key. The server does the work
// of a key once and gives the same answer again, so what may have arrived is simply sent again. A
// form belongs to the person who filled it in, and is never sent as somebody else.

const PREFIX = "spoolbook-waiting:";
const TIMEOUT = 10_000, RETRY_AFTER = 15_000, SLOW_AFTER = 1_000; // milliseconds
const MAX_AGE = 12 * 3_600_000; // older forms are not sent without a look

const board = document.getElementById("waiting");
const texts = board?.dataset ?? {}; // without a sign-in there is no board
const me = texts.person;
const page = document.documentElement;
const pressed = new Set(); // keys of what was sent from this page, while it is looked at
const otherTabs = new BroadcastChannel("spoolbook-done"); // learn what this one has sent, and the answer

// --- What waits ---------------------------------------------------------------------------------

const find = (key) => JSON.parse(localStorage.getItem(PREFIX + key));
const keep = (form) => localStorage.setItem(PREFIX + form.key, JSON.stringify(form));
const drop = (form) => localStorage.removeItem(PREFIX + form.key);
const everyone = () =>
  Object.keys(localStorage).filter((name) => name.startsWith(PREFIX))
    .map((name) => JSON.parse(localStorage.getItem(name))).sort((a, b) => a.at - b.at);
const mine = () => everyone().filter((form) => form.person === me);
const due = () => mine().filter((form) => !form.why);

const written = (form, button) => {
  const body = new URLSearchParams(new FormData(form));
  body.delete("csrfmiddlewaretoken"); // it may be another by then
  body.delete("file"); // see pressWithPhoto
  if (button?.name) body.append(button.name, button.value);
  const typed = [...form.elements].filter((each) => each.type === "text" && each.value !== each.defaultValue);
  const what = [form.dataset.what ?? document.title.split(" · ")[0], button?.textContent.trim().replace(/\s+/g, " ")];
  return {
    key: body.get("idempotency_key"), url: form.action, body: body.toString(), page: location.pathname,
    person: me, name: texts.name, at: Date.now(), since: Date.now(),
    what: what.filter(Boolean).join(" – "), typed: typed.map((each) => each.value).join(", "),
  };
};

// --- Sending ------------------------------------------------------------------------------------

let isSignedOut = false, isLeaving = false;
const token = () => document.cookie.match(/spoolbook-csrf=([^;]+)/)?.[1] ?? "";
const waited = (form) => Math.round((Date.now() - form.since) / 1000);
const headers = (form) => ({
  Accept: "application/json", "Floor-Person": me, "X-CSRFToken": token(), "Floor-Waited": waited(form),
});

// {message, location} when it was done, {detail} when it was refused, null when it has to wait.
const send = async (form) => {
  try {
    const response = await fetch(form.url, {
      method: "POST", body: new URLSearchParams(form.body), headers: headers(form),
      signal: AbortSignal.timeout(TIMEOUT),
    });
    const isJson = response.headers.get("Content-Type")?.includes("json");
    isSignedOut = response.status === 401 || (response.status === 403 && !isJson);
    if (isSignedOut || !isJson || response.status >= 500 || response.status === 429) return null;
    const answer = await response.json();
    if (response.ok) return answer;
    if (answer.code !== "idempotency_key_busy") return { detail: answer.detail || answer.title };
    setTimeout(goAhead, SLOW_AFTER); // it is being done at this moment
    return null;
  } catch {
    return null; // no network, or it took too long
  }
};

// One tab at a time where the browser can; elsewhere the key keeps it to one effect.
const alone = (work) => navigator.locks?.request("spoolbook-waiting", work) ?? work();
let sending = null;
const sendAll = () => {
  sending ??= alone(async () => {
    const messages = [];
    for (let form; !isLeaving && (form = due()[0]);) { // the next page sends the rest
      if (Date.now() - form.at > MAX_AGE) {
        keep({ ...form, why: texts.old });
        continue;
      }
      const answer = await send(form);
      if (isLeaving || !settle(form, answer, messages)) break; // who leaves lets the next page ask again
    }
    show(messages);
  }).finally(() => { sending = null; draw(); });
  return sending;
};

const settle = (form, answer, messages) => {
  if (!answer) {
    const stored = find(form.key);
    if (stored) keep({ ...stored, tried: true });
    return false;
  }
  if (answer.location) {
    otherTabs.postMessage({ key: form.key, ...answer });
    drop(form);
    messages.push(answer.message);
    if (pressed.has(form.key) || form.page === location.pathname) goOn(messages.splice(0), answer.location);
  } else if (pressed.has(form.key)) submit(form);
  else keep({ ...form, tried: true, why: answer.detail });
  return true;
};

// The server's own page says best why not, beside each field, with what was typed in it.
const submit = (stored) => {
  const { key, url } = stored, body = new URLSearchParams(stored.body);
  body.set("waited", Number(body.get("waited")) + waited(stored));
  isLeaving = true;
  const form = Object.assign(document.createElement("form"), { method: "post", action: url, hidden: true });
  for (const [name, value] of [["csrfmiddlewaretoken", token()], ...body]) {
    form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
  }
  document.body.append(form);
  drop({ key });
  form.submit();
};

const press = async (form) => {
  pressed.add(form.key);
  keep({ ...form, why: undefined, at: Date.now() });
  draw();
  setTimeout(draw, SLOW_AFTER + 100);
  await sendAll();
  const stored = find(form.key);
  if (stored?.why) submit(stored); // another tab was faster, and was refused
};

// A photo waits as a smaller one: no file can be kept here. What this browser can't read, or has no
// room for, is sent as it is, and the server says what is wrong with it.
const PHOTO_SIDE = 1280; // px
const shrunk = async (file) => {
  const image = await createImageBitmap(file);
  const scale = Math.min(1, PHOTO_SIDE / Math.max(image.width, image.height));
  const [width, height] = [image.width, image.height].map((side) => Math.max(1, Math.round(side * scale)));
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  canvas.getContext("2d").drawImage(image, 0, 0, width, height);
  return canvas.toDataURL("image/jpeg", 0.8);
};

const pressWithPhoto = async (form, wanted, file) => {
  try {
    const body = new URLSearchParams(wanted.body);
    body.set("photo", await shrunk(file));
    wanted.body = body.toString();
    keep(wanted);
  } catch {
    return form.submit();
  }
  return press(wanted);
};

// --- Showing ------------------------------------------------------------------------------------

const goOn = (messages, address) => {
  isLeaving = true;
  sessionStorage.setItem("messages", JSON.stringify(messages));
  location.assign(address);
};

const isTouched = (each) =>
  each.checked !== each.defaultChecked || (each.type === "select-one"
    ? [...each.options].some((option) => option.selected !== option.defaultSelected)
    : each.value !== each.defaultValue);
const isTyping = () => [...document.querySelectorAll("main :is(input, textarea, select)")].some(isTouched);

// What was done meanwhile; the page is read again, unless somebody is writing in it.
const show = (messages) => {
  if (!messages.length || isLeaving) return;
  if (isTyping()) announce(messages);
  else goOn(messages, location.href);
};

const announce = (messages) => {
  for (const text of messages.filter(Boolean)) {
    const line = Object.assign(document.createElement("p"), { className: "message success", textContent: text });
    line.setAttribute("role", "status");
    document.querySelector("main").prepend(line);
  }
};

const clock = (at) => {
  const weekday = Date.now() - at > MAX_AGE ? "short" : undefined;
  return new Date(at).toLocaleString(texts.locale || page.lang, { timeZone: texts.zone, weekday, hour: "2-digit", minute: "2-digit" });
};

const row = (form) => {
  const made = board.querySelector("template").content.cloneNode(true);
  const put = (name, text) => { made.querySelector(name).textContent = text; };
  put(".what", form.typed ? `${form.what}: ${form.typed}` : form.what);
  put(".since", clock(form.since));
  put(".why", form.why ?? "");
  made.querySelector(".row").hidden = made.querySelector(".why").hidden = !form.why;
  made.querySelector(".again").addEventListener("click", () => press(form));
  made.querySelector(".drop").addEventListener("click", () => { drop(form); draw(); });
  return made;
};

const draw = () => {
  const now = Date.now(), forms = everyone();
  const own = forms.filter((form) => form.person === me);
  const seen = own.filter((form) => form.tried || form.why || now - form.at > SLOW_AFTER);
  const names = [...new Set(forms.filter((form) => form.person !== me).map((form) => form.name))];
  board.hidden = !seen.length && !names.length;
  board.querySelector(".count").textContent = seen.length || "";
  board.querySelector(".own").hidden = !seen.length;
  board.querySelector(".sign-in").hidden = !isSignedOut;
  board.querySelector(".others").textContent = names.map((name) => texts.others.replaceAll("%", name)).join(" ");
  board.querySelector("ul").replaceChildren(...seen.map(row));
  for (const form of document.forms) {
    const waits = own.some((each) => !each.why && each.url === form.action);
    for (const button of form.querySelectorAll("button:not([type=button])")) button.disabled = waits;
  }
};

// The page anew, with what was entered; nothing is done, so nothing waits for a network.
const look = async (form, { name, value }) => {
  try {
    await fetch(location.href, { method: "HEAD", cache: "no-store" });
    form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
    form.submit();
  } catch {
    form.querySelector("[data-unsent]").hidden = false;
  }
};

// --- When ---------------------------------------------------------------------------------------

addEventListener("submit", (event) => {
  const form = event.target;
  if (form.matches(".sign-out")) return leave(event);
  if (!form.elements.idempotency_key) return undefined;
  if (event.submitter?.name === "elsewhere") {
    event.preventDefault();
    return look(form, event.submitter);
  }
  const wanted = written(form, event.submitter), photo = form.querySelector("[data-photo]")?.files[0];
  if (photo && (find(wanted.key)?.why ?? true)) {
    event.preventDefault();
    return pressWithPhoto(form, wanted, photo);
  }
  try {
    if (!find(wanted.key) || find(wanted.key).why) keep(wanted);
    else return event.preventDefault(); // it is on its way
  } catch {
    return undefined; // nowhere to keep it: the browser sends it
  }
  event.preventDefault();
  return press(wanted);
});

// Whoever is next on this tablet does not see the pages stored for offline.
const leave = (event) => {
  if (!globalThis.caches) return;
  event.preventDefault();
  caches.keys().then((names) => Promise.all(names.map((name) => caches.delete(name))))
    .finally(() => event.target.submit());
};

// Today is read again now and then, while somebody looks at it.
const readAgain = async () => {
  if (document.hidden || isLeaving) return;
  const response = await fetch(location.href, { headers: { "Floor-Person": me, "Floor-Unseen": "1" } }).catch(() => null);
  page.toggleAttribute("data-offline", !response);
  if (response && (response.redirected || !response.ok)) location.reload();
  else if (response) {
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
    document.querySelector("main").replaceWith(fresh.querySelector("main"));
    draw();
  }
};

const goAhead = () => { if (due().length && !document.hidden) sendAll(); };

const begin = () => {
  if (page.hasAttribute("data-offline")) { // a stored page: its keys may have been used
    for (const input of document.querySelectorAll("[name=idempotency_key]")) input.value += `-${Math.random()}`;
  }
  announce(JSON.parse(sessionStorage.getItem("messages") ?? "[]"));
  sessionStorage.removeItem("messages");
  draw();
  goAhead();
  addEventListener("online", goAhead);
  addEventListener("storage", draw);
  otherTabs.addEventListener("message", ({ data }) => {
    if (pressed.has(data.key) && !isLeaving) goOn([data.message], data.location);
  });
  addEventListener("pagehide", () => { isLeaving = true; });
  addEventListener("pageshow", ({ persisted }) => { // back again
    if (persisted && pressed.size) location.reload();
    if (persisted) isLeaving = false;
    draw();
  });
  document.addEventListener("visibilitychange", goAhead);
  setInterval(goAhead, RETRY_AFTER);
  const refreshed = document.querySelector("[data-refresh]");
  if (refreshed) setInterval(readAgain, refreshed.dataset.refresh * 1000);
};

// The worker keeps pages for when there is no network; it did not see this one if it is new.
const hire = async () => {
  const workers = navigator.serviceWorker; // only with https, or on localhost
  if (!workers) return;
  await workers.register(texts.worker, { scope: "/floor/" });
  if (workers.controller) return;
  const files = performance.getEntriesByType("resource").map((each) => each.name);
  (await workers.ready).active.postMessage([location.href, ...files]);
};

if (me) {
  begin();
  hire().catch(() => {});
}
