/* The header: language and light. */
genai.views.head = ({ element }) => {
  genai.startTheme();
  for (const button of element.querySelectorAll("[data-lang]")) {
    button.setAttribute("aria-pressed", button.dataset.lang === genai.lang);
    button.addEventListener("click", () => genai.switchLanguage(button.dataset.lang));
  }
  element
    .querySelector("[data-theme]")
    .addEventListener("click", () => genai.setTheme(!document.body.classList.contains("dark")));
};

/* Words in both languages, of which one is shown. */
genai.views.bilingual = ({ element, watch }) => {
  const choose = () => {
    for (const part of element.querySelectorAll("[data-only]")) part.hidden = part.dataset.only !== genai.lang;
  };
  watch("value", choose);
  choose();
};

/* Words that are filled in and need nothing else. */
genai.views.plain = () => {};
