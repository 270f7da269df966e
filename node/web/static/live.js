// Keeps what is marked data-live up to date: when the node says that something changed, the page is fetched again and these parts
// are taken over from it. A part that somebody types into or has ticked something in stays as it is.
let source;
let wanted = false;
let busy = false;

function busyPart(part) {
  if (part.contains(document.activeElement) && part.querySelector("input:focus, select:focus, textarea:focus")) return true;
  for (const field of part.querySelectorAll("input, select, textarea")) {
    if (field.type === "hidden") continue;
    if (field.type === "checkbox" || field.type === "radio" ? field.checked !== field.defaultChecked : field.tagName !== "SELECT" && field.value !== field.defaultValue) return true;
  }
  return false;
}

async function refresh() {
  if (busy) { wanted = true; return; }
  busy = true;
  try {
    const answer = await fetch(location.href, { headers: { "Pieks-Live": "1" }, redirect: "follow" });
    if (answer.redirected) { if (!busyPart(document.body)) location.replace(answer.url); return; }
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of document.querySelectorAll("[data-live]")) {
      const next = page.querySelector(`[data-live="${CSS.escape(part.dataset.live)}"]`);
      if (next && next.innerHTML !== part.innerHTML && !busyPart(part)) {
        const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
        part.innerHTML = next.innerHTML;
        if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
        part.dispatchEvent(new CustomEvent("pieks:live", { bubbles: true }));
      }
    }
  } finally {
    busy = false;
    if (wanted) { wanted = false; refresh(); }
  }
}

function listen() {
  source?.close();
  source = undefined;
  if (document.hidden) return; // a browser has six connections to a server, and this tab is not looked at
  source = new EventSource("/live");
  source.addEventListener("change", refresh);
  source.addEventListener("open", refresh); // what changed before it listened, or while the node was away
}

document.addEventListener("visibilitychange", listen);
addEventListener("pagehide", () => source?.close());
if (document.querySelector("[data-fresh]")) setInterval(() => { if (!document.hidden) refresh(); }, 15000);
listen();
