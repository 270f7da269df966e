// The desk's field: a hand scanner types into whatever has the focus, so the field gets it back. Its text is selected, so that the next code
// takes the place of a wrong one.
const field = document.querySelector("[data-desk] [name=code]");
const ready = () => { field.focus(); field.select(); };
const typing = (element) => element?.closest("input, select, textarea, button, a, summary, video");

document.addEventListener("click", (event) => { if (!typing(event.target) && !String(getSelection())) ready(); });
document.addEventListener("keydown", (event) => {
  if (event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey && event.key !== " " && !typing(document.activeElement)) ready();
});
addEventListener("focus", () => { if (!typing(document.activeElement)) ready(); });
if (field.value === field.defaultValue) ready(); // who typed before this was loaded goes on typing
