// Counts down to an instant: <span data-until="RFC 3339">. At the end the element says data-over and the page is fetched again.
function show(element) {
  const left = Math.max(0, Math.round((Date.parse(element.dataset.until) - Date.now()) / 1000));
  const minutes = Math.floor(left / 60);
  element.textContent = `${minutes}:${String(left % 60).padStart(2, "0")}`;
  return left;
}
const all = [...document.querySelectorAll("[data-until]")];
all.forEach(show);
const timer = setInterval(() => {
  if (all.map(show).every((left) => left === 0)) {
    clearInterval(timer);
    document.dispatchEvent(new CustomEvent("pieks:over"));
    for (const form of document.querySelectorAll("[data-over]")) form.hidden = false;
  }
}, 1000);
