"use strict";
const field = document.getElementById("find");
const told = document.getElementById("told");
const rows = [...document.querySelectorAll(".names li")].map((row) => [row, row.textContent.toLowerCase()]);
field.addEventListener("input", () => {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const [row, text] of rows) {
    row.hidden = !words.every((word) => text.includes(word));
    shown += row.hidden ? 0 : 1;
  }
  told.textContent = `${shown} of ${rows.length}`;
});
