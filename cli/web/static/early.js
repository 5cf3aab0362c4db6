// Runs before the page is shown: keeps the files that are dropped, or wanted, while the other scripts are loading.

"use strict";

window.early = [];
window.keepEarly = (event) => {
  if (!event.dataTransfer?.types.includes("Files")) return;
  event.preventDefault(); // or the browser would open the file in place of the page
  if (event.type === "drop") window.early.push(...event.dataTransfer.files);
};
window.chooseEarly = (event) => {
  if (event.target.id === "choose") document.getElementById("file").click();
};
for (const type of ["dragover", "drop"]) window.addEventListener(type, window.keepEarly);
window.addEventListener("click", window.chooseEarly);
