/* Nine pictures of a prompt, from rough to sharp. */
genai.views.draw = ({ id, element, server }) => {
  const { el, t } = genai;
  const { hand, sheet, showTile } = genai.tiles;
  const { answerInWords, showVerdict } = genai.described;
  const large = element.querySelector(".large-tile"),
    caption = element.querySelector("figcaption");
  const verdictBox = element.querySelector(".verdicts"),
    twin = element.querySelector(".twin .cell");
  const note = element.querySelector(".paint-note");
  const opening = JSON.parse(element.querySelector("[data-stage]").dataset.facts);
  let chosen = 0,
    verdicts = null,
    twinTurn = 0;
  const controls = () => self.last.request.controls;
  const seedOf = (i) => (controls().seed + i) % 4294967296;
  const grid = sheet(element.querySelector(".sheet"), (i) => {
    chosen = i;
    openTile();
  });

  const openTile = () => {
    const count = controls().count;
    chosen = Math.min(chosen, count - 1);
    grid.mark(chosen);
    if (!self.last.src) return;
    showTile(large, self.last.src, chosen, count);
    caption.textContent = t("ui.gan.tile_seed", { seed: seedOf(chosen) });
    element.dataset.tile = seedOf(chosen);
    if (verdicts) showVerdict(verdictBox, verdicts[chosen]);
    else verdictBox.replaceChildren();
    if (!self.last.state) showTwin();
  };

  const showTwin = async () => {
    // the same seed, nothing asked: what the words changed
    const turn = ++twinTurn;
    let state, answer;
    await new Promise((wait) => setTimeout(wait, 300)); // whoever goes on at once is not kept waiting by it
    if (turn !== twinTurn || self.busy) return;
    do {
      const request = { ...self.last.request, controls: { ...controls(), prompt: "", seed: seedOf(chosen), count: 1 } };
      answer = await server.frame({ ...request, ...(state ? { state } : {}), lang: genai.lang });
      if (turn !== twinTurn || self.busy || answer.error) return;
      state = answer.state;
    } while (state);
    showTile(twin, answer.src, 0, 1);
    element.dataset.twin = seedOf(chosen);
  };

  const judge = async () => {
    verdictBox.hidden = !(genai.chosen[id] ?? opening).judge;
    if (verdictBox.hidden) return;
    const { request, tokens, plan } = self.last;
    const { prompt } = request.controls;
    const answer = await self.data(request.model, "see", { prompt, tokens, plans: plan });
    if (answer.error) {
      verdictBox.replaceChildren(el("p", "caption", answer.error));
      return;
    }
    if (self.last.tokens !== tokens) return;
    verdicts = answer.data;
    verdicts.forEach((verdict, i) => {
      const named = verdict.words.filter((word) => word.right !== null),
        wrong = named.filter((word) => !word.right);
      grid.badge(
        i,
        named.length ? (wrong.length ? `✗ ${wrong.map((word) => word.text).join(" ")}` : "✓") : "",
        answerInWords(verdict.seen),
        !wrong.length,
      );
    });
    element.dataset.judged = self.frames;
    openTile();
  };

  const self = genai.stage(id, element, server, (answer) => {
    const count = answer.request.controls.count;
    grid.show(answer.src, count, !answer.state);
    verdicts = null;
    for (let i = 0; i < count; i++) grid.badge(i, "");
    element.dataset.round = answer.state ? answer.state.k : "done";
    note.textContent = answer.request.controls.prompt.trim() ? "" : t("ui.paint.free");
    openTile();
    if (!answer.state) judge();
  });

  const tile = (action) => {
    if (self.last?.tokens)
      action({
        prompt: controls().prompt,
        tokens: self.last.tokens[chosen],
        plan: self.last.plan?.[chosen],
        request: self.last.request,
        seed: seedOf(chosen),
      });
  };
  self.act("tile-download", (button) =>
    tile(({ request, seed }) =>
      self.download({ ...request, controls: { ...request.controls, seed, count: 1 } }, button),
    ),
  );
  self.act("tile-edit", () => tile((picture) => hand("edit", picture)));
  self.act("tile-inside", () => tile((picture) => hand("inside", picture)));
};
