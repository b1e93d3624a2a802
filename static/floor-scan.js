"use strict";
// Reading labels: by a scanner that types, and by the camera. Codes can be typed without this.

const words = document.currentScript.dataset; // the texts, in the page's language, and the decoder's addresses
const FORMATS = {
  qr_code: "QRCode", data_matrix: "DataMatrix", code_128: "Code128",
  ean_13: "EAN13", ean_8: "EAN8", upc_a: "UPCA",
};
const EVERY_MS = 120;
const AGAIN_MS = 2000; // the same label is not taken twice while it is held before the camera

// What a hand scanner types goes to the field in the header, unless somebody is in another one: not
// to the button touched last, which the Enter at its end would press again.
const header = document.querySelector("header [data-scanned]");
const TYPED_IN = "textarea, select, input:not([type=checkbox], [type=radio])";
document.addEventListener("keydown", (event) => {
  const free = !document.activeElement?.matches(TYPED_IN) && event.key.length === 1 && event.key !== " ";
  if (header && free && !event.ctrlKey && !event.metaKey && !event.altKey) header.focus();
});

for (const field of document.querySelectorAll("[data-scanned]")) {
  if (field.tagName === "INPUT") { // the next scan is instead of the last, not after it
    let isEntered = false;
    field.addEventListener("focus", () => { isEntered = true; field.select(); });
    field.addEventListener("click", () => { if (isEntered) field.select(); isEntered = false; });
    if (field === document.activeElement) field.select();
  }
  const button = document.createElement("button");
  button.type = "button";
  button.className = "camera";
  button.setAttribute("aria-label", words.camera);
  button.append(icon(), made("span", "", words.camera));
  button.addEventListener("click", () => (navigator.mediaDevices?.getUserMedia ? film(field) : photograph(field)));
  field.insertAdjacentElement("afterend", button);
  field.parentElement.classList.add("has-camera");
}

/** Put what was read into its field; true when more may be read. */
function take(field, text) {
  navigator.vibrate?.(60);
  if (field.tagName === "TEXTAREA") {
    const lines = field.value.split("\n").map((line) => line.trim()).filter(Boolean);
    if (!lines.includes(text)) lines.push(text);
    field.value = `${lines.join("\n")}\n`;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    return true;
  }
  field.value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  if ("go" in field.dataset) field.form.requestSubmit();
  else field.focus();
  return false;
}

async function film(field) {
  const dialog = made("dialog", "viewfinder");
  const video = made("video");
  video.setAttribute("playsinline", "");
  video.muted = true;
  const hint = made("p", "hint", words.hold);
  hint.setAttribute("role", "status");
  const close = made("button", "primary", words.close);
  close.type = "button";
  close.addEventListener("click", () => dialog.close());
  dialog.append(video, hint, close);
  document.body.append(dialog);
  let stream = null;
  dialog.addEventListener("close", () => {
    for (const track of stream?.getTracks() ?? []) track.stop();
    dialog.remove();
  });
  dialog.showModal();
  try {
    const camera = { facingMode: "environment", width: { ideal: 1280 }, height: { ideal: 720 } };
    stream = await navigator.mediaDevices.getUserMedia({ video: camera });
    if (!dialog.open) return stream.getTracks().forEach((track) => track.stop());
    video.srcObject = stream;
    await video.play();
    const read = await reader();
    await watch(dialog, video, read, field, hint);
  } catch (error) {
    hint.textContent = error.name === "NotAllowedError" ? words.denied : words.broken;
  }
}

async function watch(dialog, video, read, field, hint) {
  let last = "", at = 0;
  while (dialog.open) {
    const text = await read(video, video.videoWidth, video.videoHeight);
    if (text && (text !== last || Date.now() - at > AGAIN_MS)) {
      if (!take(field, text)) return dialog.close();
      hint.textContent = text;
    }
    if (text) [last, at] = [text, Date.now()];
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
}

/** Without HTTPS a page may not film, but it may ask for a photo. */
function photograph(field) {
  const picker = made("input");
  picker.type = "file";
  picker.accept = "image/*";
  picker.capture = "environment";
  picker.addEventListener("change", async () => {
    const read = await reader();
    const picture = await createImageBitmap(picker.files[0]);
    const scale = Math.min(1, 1600 / Math.max(picture.width, picture.height));
    const text = await read(picture, Math.round(picture.width * scale), Math.round(picture.height * scale));
    if (text) take(field, text);
    else field.placeholder = words.nothing;
  });
  picker.click();
}

/** A function that reads a picture: the browser's own detector, or else ours. */
async function reader() {
  const own = window.BarcodeDetector ? await BarcodeDetector.getSupportedFormats() : [];
  if (["qr_code", "ean_13"].every((format) => own.includes(format))) {
    const detector = new BarcodeDetector({ formats: own.filter((format) => format in FORMATS) });
    return async (picture) => (await detector.detect(picture))[0]?.rawValue;
  }
  await loaded(words.decoder);
  window.ZXingWASM.prepareZXingModule({ overrides: { locateFile: () => words.wasm } });
  const canvas = made("canvas");
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const options = { formats: Object.values(FORMATS), tryHarder: true, maxNumberOfSymbols: 1 };
  return async (picture, width, height) => {
    if (!width || !height) return null;
    [canvas.width, canvas.height] = [width, height];
    context.drawImage(picture, 0, 0, width, height);
    const found = await window.ZXingWASM.readBarcodes(context.getImageData(0, 0, width, height), options);
    return found[0]?.text;
  };
}

function loaded(address) {
  if (window.ZXingWASM) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const script = made("script");
    script.src = address;
    script.addEventListener("load", resolve);
    script.addEventListener("error", () => reject(new Error(address)));
    document.head.append(script);
  });
}

function made(name, className = "", text = "") {
  const element = document.createElement(name);
  if (className) element.className = className;
  if (text) element.textContent = text;
  return element;
}

function icon() {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  const path = document.createElementNS(space, "path");
  for (const [name, value] of Object.entries({ width: 28, height: 28, viewBox: "0 0 24 24", "aria-hidden": "true" })) {
    svg.setAttribute(name, value);
  }
  path.setAttribute("d", "M4 8V5a1 1 0 0 1 1-1h3M16 4h3a1 1 0 0 1 1 1v3M20 16v3a1 1 0 0 1-1 1h-3M8 20H5a1 1 0 0 1-1-1v-3M8 8v8M12 8v8M16 8v8");
  path.setAttribute("fill", "none");
  path.setAttribute("stroke", "currentColor");
  path.setAttribute("stroke-width", "2");
  path.setAttribute("stroke-linecap", "round");
  svg.append(path);
  return svg;
}
