/* Text: the toolbar below it acts on whatever stands on the page, while it grows or when it comes from a link. */
genai.views.text = ({ id, element, server }) => {
  const self = genai.stage(id, element, server, () => {});
  self.adopt = (made) => {
    self.last = made;
    self.say(genai.t("ui.gpt.status", made));
  };
  self.follow = (made) => {
    self.adopt(made);
    genai.showInUrl(made.query);
  };
};

genai.views.textPage = ({ element, watch }) => {
  watch("value", () => genai.ask("gpt", JSON.parse(element.querySelector(".page").dataset.made)));
};

/* What was on its way when the text was stopped may bring the cursor back. */
genai.stopText = () => {
  const still = () => document.querySelector("#gpt-page .cursor")?.remove();
  for (const wait of [0, 200, 600, 1500, 4000]) setTimeout(still, wait);
};

/* Unknown characters are named while the prompt is typed, before anything runs. */
genai.nameUnknown = ({ alphabet }, prompt) => {
  const strange = [...new Set([...(prompt ?? "")].filter((c) => !alphabet.includes(c)))];
  const hint = document.querySelector("#gpt-unknown p");
  const characters = strange.slice(0, 20).join(" ");
  hint.textContent = strange.length ? genai.t("ui.gpt.unknown", { characters }) : "";
};
