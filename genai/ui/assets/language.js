/* Settles the language before anything else runs: the link's, else the one chosen before, else the browser's.
   Gradio translates by what the browser says it prefers, and asks once, early: so a choice made on the page is put there. */
(() => {
  let chosen = null;
  try {
    chosen = localStorage.getItem("genai.lang");
  } catch {
    /* private mode */
  }
  const asked = new URLSearchParams(location.search).get("lang") || chosen || navigator.language || "en";
  const lang = asked.toLowerCase().startsWith("zh") ? "zh" : "en";
  const locale = lang === "zh" ? "zh-CN" : "en";
  Object.defineProperty(navigator, "language", { get: () => locale });
  Object.defineProperty(navigator, "languages", { get: () => [locale] });
  document.documentElement.lang = locale;
  document.cookie = `genai_lang=${lang};path=/;SameSite=Lax`;
  window.GENAI_LANG = lang;
})();
