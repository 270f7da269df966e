// Copies the text of a field: <button data-copy="ID of the field" data-copied="what it says then">.
for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue; // the text can be selected
  button.hidden = false;
  button.addEventListener("click", async () => {
    const field = document.getElementById(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(field.value);
      button.textContent = button.dataset.copied;
    } catch {
      field.select();
    }
  });
}
