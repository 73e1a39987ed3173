/* Each word of the prompt as the model reads it, while it is typed; latest wins. */
genai.views.words = ({ element }) => {
  const first = () => {
    if (!genai.stages.paint || !genai.promptBox()) return setTimeout(first, 50);
    const { chosen } = genai;
    const facts = chosen.paint ? JSON.stringify(chosen.paint) : element.querySelector(".read").dataset.facts;
    genai.readPrompt({}, facts, genai.promptBox().value);
  };
  first();
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

  return async (_spec, facts, typed) => {
    const { model } = JSON.parse(facts || "{}");
    const box = document.querySelector("#paint-words .read");
    const stage = genai.stages.paint;
    if (!model || !box || !stage) return;
    const turn = ++turns;
    const said = typed ?? "";
    const answer = await stage.data(model, "read", { prompt: said });
    if (turn !== turns) return;
    if (answer.error) return box.replaceChildren(el("span", "word unknown", answer.error));
    const shown = answer.data.flatMap((word) => {
      const node = el("span", `word ${word.status}`, word.text);
      node.title = t(`ui.paint.word.${word.status}`);
      return [node, ...word.nearest.map((known) => offerOf(word.text, known))];
    });
    box.replaceChildren(...shown);
    box.dataset.read = said;
    const strange = answer.data.some((word) => word.status === "unknown");
    document.querySelector("#paint-words .legend").hidden = !strange;
  };
})();

/* Write into one of Gradio's boxes as a person would. */
genai.write = (box, text) => {
  Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value").set.call(box, text);
  box.dispatchEvent(new Event("input", { bubbles: true }));
};
genai.promptBox = () => document.querySelector("#paint-prompt textarea");
genai.setPrompt = (text) => {
  genai.write(genai.promptBox(), text);
  setTimeout(() => document.querySelector("#paint-run").click(), 60);
};

genai.drawPrompt = (spec, ...values) => {
  genai.follow(spec, ...values);
  document.getElementById("view-prompt-draw-button")?.click();
};
