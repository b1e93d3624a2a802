// A picker beside the field of a colour, which shows the colour while its digits are typed.
"use strict";

const field = document.getElementById("id_color_hex");
if (field) {
  const picker = document.createElement("input");
  picker.type = "color";
  picker.setAttribute("aria-label", "Pick the colour");
  const show = () => {
    const digits = field.value.trim().replace(/^#/, "");
    const isColor = /^([0-9a-f]{6}|[0-9a-f]{8})$/i.test(digits);
    if (isColor) picker.value = `#${digits.slice(0, 6)}`;
    picker.style.opacity = isColor ? "1" : "0.4";
  };
  picker.addEventListener("input", () => {
    field.value = picker.value.slice(1).toUpperCase();
    show();
  });
  field.addEventListener("input", show);
  field.after(picker);
  show();
}
