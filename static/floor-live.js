// What others change, and what printers report, is shown while the page is open; the page works
// without this. The websocket says only that something has changed: the page is read anew.

const note = document.getElementById("live");
const address = location.href.replace(/^http/, "ws").replace(/#.*/, "");
const FIRST_PAUSE = 2_000;
const LONGEST_PAUSE = 60_000;
const AT_ONCE = 300; // changes within so many ms are one
let pause = FIRST_PAUSE;
let waiting = 0;

function connect() {
  const socket = new WebSocket(address);
  socket.addEventListener("open", () => {
    pause = FIRST_PAUSE;
    readSoon(); // what was changed since the page was read
  });
  socket.addEventListener("message", readSoon);
  socket.addEventListener("close", () => {
    setTimeout(connect, pause * (0.5 + Math.random()));
    pause = Math.min(pause * 2, LONGEST_PAUSE);
  });
}

function readSoon() {
  clearTimeout(waiting);
  waiting = setTimeout(read, AT_ONCE);
}

async function read() {
  const headers = { "Floor-Unseen": "1" }; // nobody has touched the tablet
  const answer = await fetch(location.href, { headers }).catch(() => null);
  if (!answer?.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const state = page.getElementById("live")?.dataset.state;
  if (state === undefined) return;
  if (state === note.dataset.state) showFigures(page);
  else if (isUntouched()) location.reload();
  else note.hidden = false;
}

function showFigures(page) {
  for (const part of document.querySelectorAll("[data-live]")) {
    const fresh = page.getElementById(part.id);
    if (fresh && fresh.innerHTML !== part.innerHTML) part.innerHTML = fresh.innerHTML;
  }
}

// Nothing is typed, chosen or being scanned.
function isUntouched() {
  const active = document.activeElement;
  if (active?.matches("input, select, textarea") && active.value) return false;
  return [...document.querySelectorAll("main input, main select, main textarea")].every((field) => {
    if (field.type === "checkbox" || field.type === "radio") return field.checked === field.defaultChecked;
    if (field.options) {
      const first = [...field.options].findIndex((each) => each.defaultSelected);
      return field.selectedIndex === Math.max(first, 0);
    }
    return field.value === field.defaultValue;
  });
}

if (note) connect();
