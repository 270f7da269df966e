// Loads what a page asks for with its data attributes. Every page works without it but the camera.
const parts = {
  "[data-live]": "./live.js",
  "[data-until]": "./countdown.js",
  "[data-scan]": "./scan.js",
  "[data-desk]": "./desk.js",
  "[data-print]": "./print.js",
  "[data-tick-all]": "./tick.js",
  "[data-copy]": "./copy.js",
};
for (const [selector, module] of Object.entries(parts)) {
  if (document.querySelector(selector)) import(module);
}
// The first wrong field gets the focus; autofocus alone does not scroll to it everywhere.
document.querySelector("[aria-invalid=true]")?.focus();
