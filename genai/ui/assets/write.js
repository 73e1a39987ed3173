/* Text: the toolbar below it acts on whatever stands on the page, while it grows or when it comes from a link. */
genai.views.write = ({ id, element, server }) => {
  const self = genai.stage(id, element, server, () => {});
  self.adopt = (made) => {
    self.last = made;
    self.settled ??= made;
    self.say(genai.t("ui.gpt.status", made));
  };
  self.follow = (made) => {
    self.adopt(made);
    if (!made.growing) self.whole(made);
  };
};

genai.views.writing = ({ element, watch }) => {
  const tell = (more) => {
    const page = element.querySelector(".page");
    if (page) genai.ask("gpt", { ...JSON.parse(page.dataset.made), ...more });
  };
  tell({ growing: true }); // what the page opens with is not what somebody asked for
  watch("value", () => tell({}));
};

/* What was on its way when the text was stopped may bring the cursor back; then what stands there is the result. */
genai.stopText = () => {
  const still = () => document.querySelector("#gpt-page .cursor")?.remove();
  for (const wait of [0, 200, 600, 1500, 4000]) setTimeout(still, wait);
  setTimeout(() => genai.stages.gpt.whole(genai.stages.gpt.last), 600);
};

/* Unknown characters are named while the prompt is typed, before anything runs. */
genai.nameUnknown = (_spec, facts, prompt) => {
  const { alphabet } = JSON.parse(facts || "{}");
  if (alphabet === undefined) return;
  const strange = [...new Set([...(prompt ?? "")].filter((c) => !alphabet.includes(c)))];
  const hint = document.querySelector("#gpt-unknown p");
  const characters = strange.slice(0, 20).join(" ");
  if (hint) hint.textContent = strange.length ? genai.t("ui.gpt.unknown", { characters }) : "";
};
