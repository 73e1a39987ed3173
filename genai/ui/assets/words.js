/* Each word of the prompt as the model reads it, while it is typed; latest wins. */
genai.views.words = ({ element }) => {
  setTimeout(() => genai.readPrompt(JSON.parse(element.querySelector(".read").dataset.readFirst)), 400);
};

genai.readPrompt = (() => {
  const { el, t } = genai;
  let turns = 0;

  const offerOf = (word, known) => {
    const offer = el("button", "offer", known);
    offer.title = t("ui.paint.offer", { word: known });
    offer.addEventListener("click", () => {
      const said = genai.promptBox().value;
      const at = said.toLowerCase().indexOf(word);
      if (at >= 0) genai.setPrompt(said.slice(0, at) + known + said.slice(at + word.length));
    });
    return offer;
  };

  return async ({ model, prompt }, typed) => {
    const box = document.querySelector("#paint-words .read");
    const server = genai.stages.paint?.server;
    if (!box || !server) return;
    const turn = ++turns;
    const said = prompt ?? typed ?? "";
    const answer = await server.read({ model, prompt: said, lang: genai.lang });
    if (turn !== turns) return;
    if (answer.error) return box.replaceChildren(el("span", "word unknown", answer.error));
    const shown = answer.words.flatMap((word) => {
      const node = el("span", `word ${word.status}`, word.text);
      node.title = t(`ui.paint.word.${word.status}`);
      return [node, ...word.nearest.map((known) => offerOf(word.text, known))];
    });
    box.replaceChildren(...shown);
    box.dataset.read = said;
    const strange = answer.words.some((word) => word.status === "unknown");
    document.querySelector("#paint-words .legend").hidden = !strange;
  };
})();

/* Write into Gradio's box as a person would, and draw. */
genai.promptBox = () => document.querySelector("#paint-prompt textarea");
genai.setPrompt = (text) => {
  const box = genai.promptBox();
  Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value").set.call(box, text);
  box.dispatchEvent(new Event("input", { bubbles: true }));
  setTimeout(() => document.querySelector("#paint-run").click(), 60);
};

/* Buttons that fill the prompt, in both languages; the page shows one. */
genai.views.chips = ({ element }) => {
  for (const part of element.querySelectorAll("[data-only]")) part.hidden = part.dataset.only !== genai.lang;
  for (const button of element.querySelectorAll("[data-prompt]"))
    button.addEventListener("click", () => genai.setPrompt(button.dataset.prompt));
};

genai.drawPrompt = (spec, ...values) => {
  genai.follow(spec, ...values);
  document.getElementById("view-prompt-draw-button")?.click();
};
