/* Buttons that fill a prompt and, where they name one, press a button; in both languages, of which the page shows one. */
genai.views.chips = ({ element, watch }) => {
  const choose = () => {
    for (const part of element.querySelectorAll("[data-only]")) part.hidden = part.dataset.only !== genai.lang;
  };
  watch("value", choose);
  choose();
  element.addEventListener("click", (event) => {
    const chip = event.target.closest("[data-prompt]");
    if (!chip) return;
    const { box, run } = element.querySelector("[data-box]").dataset;
    genai.write(document.querySelector(`#${box} textarea`), chip.dataset.prompt);
    if (run) setTimeout(() => document.getElementById(run).click(), 60);
  });
};
