// One box ticks all of a form: <input type="checkbox" data-tick-all="NAME">.
for (const box of document.querySelectorAll("[data-tick-all]")) {
  box.closest("[hidden]")?.removeAttribute("hidden");
  box.addEventListener("change", () => {
    for (const one of box.form.querySelectorAll(`input[name="${CSS.escape(box.dataset.tickAll)}"]`)) one.checked = box.checked;
  });
}
