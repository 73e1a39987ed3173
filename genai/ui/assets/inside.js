/* Tokens, certainty, attention. */
genai.views.inside = ({ id, element, server }) => {
  const { el, t } = genai;
  const { hand, showTile } = genai.tiles;
  const { plannedInWords } = genai.described;
  const base = element.querySelector(".base"),
    heat = element.querySelector(".heat"),
    words = element.querySelector(".look-words");
  const others = element.querySelector(".others"),
    say = element.querySelector(".inside-note");
  let picture = null,
    found = null,
    cell = -1,
    turn = 0;

  const frame = (tokens) =>
    server.frame({ model: picture.request.model, action: "decode", controls: { tokens }, lang: genai.lang });
  const paintHeat = (values, kind) => {
    const top = Math.max(...values, 1e-9);
    [...heat.children].forEach((node, i) => {
      const v = kind === "certainty" ? 1 - values[i] : values[i] / top;
      node.style.background =
        kind === "certainty"
          ? `rgba(217, 119, 6, ${(0.75 * v).toFixed(3)})`
          : `rgba(20, 184, 166, ${(0.8 * v).toFixed(3)})`;
      node.classList.toggle("on", i === cell);
    });
    element.dataset.heat = kind;
  };
  const showCertainty = () => {
    paintHeat(found.certainty, "certainty");
    say.textContent = t("ui.paint.certainty_hint");
    for (const node of words.children) node.setAttribute("aria-pressed", false);
  };
  const showWord = (i) => {
    paintHeat(
      found.attention.map((row) => row[i]),
      "attention",
    );
    say.textContent = t("ui.paint.attention_hint", { word: found.words[i].text });
    for (const [j, node] of [...words.children].entries()) node.setAttribute("aria-pressed", i === j);
  };
  const open = async (to) => {
    const mine = ++turn;
    picture = to;
    cell = -1;
    others.replaceChildren();
    const [drawn, answer] = await Promise.all([
      frame(to.tokens),
      self.data(to.request.model, "inside", {
        prompt: to.prompt,
        tokens: to.tokens,
        ...(to.plan && { plan: to.plan }),
      }),
    ]);
    if (mine !== turn) return;
    if (drawn.error || answer.error) return self.say(drawn.error ?? answer.error, true);
    self.last = drawn; // what the toolbar downloads and links to
    found = answer.data;
    self.picture.dataset.pixels = drawn.pixels;
    showTile(base, drawn.src, 0, 1);
    heat.style.setProperty("--side", Math.round(Math.sqrt(to.tokens.length)));
    heat.replaceChildren(
      ...to.tokens.map((token, i) => {
        const node = el("button", "");
        node.setAttribute("aria-label", t("ui.paint.token", { place: i + 1, token }));
        node.title = t("ui.paint.token_title", { token, sure: (100 * found.certainty[i]).toFixed(1) });
        node.addEventListener("click", () => choose(i));
        node.classList.toggle("stands", found.plan.cells.includes(i));
        return node;
      }),
    );
    words.replaceChildren(
      ...found.words.map((word, i) => {
        const node = el("button", `verdict${word.understood ? " yes" : ""}`, word.text);
        node.addEventListener("click", () =>
          node.getAttribute("aria-pressed") === "true" ? showCertainty() : showWord(i),
        );
        return node;
      }),
    );
    element.dataset.tokens = to.tokens.join(",");
    element.querySelector(".planned").textContent = plannedInWords(found.plan);
    showCertainty();
  };
  const choose = async (i) => {
    // the likeliest tokens for this place, each drawn in the picture
    const mine = ++turn;
    cell = i;
    showCertainty();
    others.replaceChildren();
    for (const [token, p] of found.alternatives[i]) {
      const tokens = picture.tokens.map((old, j) => (i === j ? token : old));
      const answer = await frame(tokens);
      if (mine !== turn || answer.error) return;
      const node = el("button", "cell other");
      showTile(node, answer.src, 0, 1);
      node.append(el("span", "badge", `${(100 * p).toFixed(p < 0.1 ? 1 : 0)} %`));
      node.title = t("ui.paint.token_title", { token, sure: (100 * p).toFixed(1) });
      node.dataset.token = token;
      node.setAttribute("aria-pressed", token === picture.tokens[i]);
      node.addEventListener("click", () => open({ ...picture, tokens }));
      others.append(node);
    }
  };
  const self = genai.stage(id, element, server, () => {});
  const clear = () => {
    turn++;
    picture = null;
    base.style.backgroundImage = "";
    for (const part of [heat, words, others]) part.replaceChildren();
    for (const note of element.querySelectorAll(".planned, .inside-note")) note.textContent = "";
  };
  self.follow = (request) => {
    if (request.facts) clear(); // the tokens of one model mean nothing to another
    if (request.picture) open(request.picture);
    else if (request.controls?.tokens) open({ prompt: "", tokens: request.controls.tokens, request }); // from a link
  };
  self.act("inside-edit", () => picture && hand("edit", picture));
};
