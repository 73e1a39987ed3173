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

/* A sentence in both languages, of which one is shown. */
genai.views.bilingual = ({ element }) => {
  for (const part of element.querySelectorAll("[data-only]")) part.hidden = part.dataset.only !== genai.lang;
};

/* Words that are filled in and need nothing else. */
genai.views.plain = () => {};
