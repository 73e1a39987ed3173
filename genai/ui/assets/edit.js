/* Brush over a part, or let part of a picture be drawn again. */
genai.views.edit = ({ id, element, server }) => {
  const { el, t } = genai;
  const { sheet, showTile } = genai.tiles;
  const base = element.querySelector(".base"),
    cells = element.querySelector(".brush");
  const prompt = element.querySelector("input.words"),
    amount = element.querySelector('input[type="range"]');
  let picture = null,
    mask = [],
    side = 0,
    brushing = null;

  const setMask = (values) => {
    mask = values;
    for (const [i, cell] of [...cells.children].entries()) cell.classList.toggle("on", !!mask[i]);
    element.dataset.masked = mask.reduce((a, b) => a + b, 0);
  };
  const setBase = async (to) => {
    picture = to;
    prompt.value = to.prompt;
    side = Math.round(Math.sqrt(to.tokens.length));
    if (cells.children.length !== to.tokens.length) {
      cells.style.setProperty("--side", side);
      cells.replaceChildren(...to.tokens.map(() => el("i", "")));
    }
    setMask(to.mask ?? to.tokens.map(() => 0));
    const answer = await server.frame({
      model: to.request.model,
      action: "decode",
      controls: { tokens: to.tokens },
      lang: genai.lang,
    });
    if (answer.error) return self.say(answer.error, true);
    self.picture.dataset.pixels = answer.pixels;
    showTile(base, answer.src, 0, 1);
    element.dataset.base = to.tokens.join(",");
  };
  const grid = sheet(element.querySelector(".sheet"), (i) => {
    if (self.last?.tokens)
      setBase({
        prompt: self.last.request.controls.prompt,
        tokens: self.last.tokens[i],
        plan: self.last.plan?.[i],
        part: self.last.request.action === "edit",
        request: self.last.request,
      });
  });
  const self = genai.stage(id, element, server, (answer) => {
    grid.show(answer.src, answer.request.controls.count, !answer.state);
    element.dataset.round = answer.state ? answer.state.k : "done";
  });
  const ask = (action, more) => {
    if (!picture) return;
    const { cfg_scale, steps, temperature, order } = picture.request.controls;
    const drawing = { cfg_scale, steps, temperature, order, seed: genai.dice(), count: 9 };
    self.draw({
      model: picture.request.model,
      action,
      controls: { ...drawing, prompt: prompt.value, tokens: picture.tokens, ...more },
    });
  };
  const clear = () => {
    picture = null;
    prompt.value = "";
    base.style.backgroundImage = "";
    cells.replaceChildren();
    grid.clear();
  };
  self.follow = (request) => {
    if (request.facts) clear(); // the tokens of one model mean nothing to another
    if (request.picture) setBase(request.picture);
    if (!request.action) return;
    const { controls } = request; // from a link
    setBase({ prompt: controls.prompt, tokens: controls.tokens, plan: controls.plan, mask: controls.mask, request });
    if (controls.amount !== undefined) amount.value = controls.amount;
    self.draw({ model: request.model, action: request.action, controls });
  };

  const brush = (event) => {
    const box = cells.getBoundingClientRect();
    const x = Math.floor(((event.clientX - box.left) / box.width) * side),
      y = Math.floor(((event.clientY - box.top) / box.height) * side);
    if (x < 0 || y < 0 || x >= side || y >= side) return;
    const i = y * side + x;
    if (brushing === null) brushing = mask[i] ? 0 : 1;
    setMask(mask.map((value, j) => (i === j ? brushing : value)));
  };
  cells.addEventListener("pointerdown", (event) => {
    cells.setPointerCapture(event.pointerId);
    brushing = null;
    brush(event);
  });
  cells.addEventListener("pointermove", (event) => event.buttons && brush(event));
  self.act("brush-all", () => setMask(mask.map(() => 1)));
  self.act("brush-none", () => setMask(mask.map(() => 0)));
  self.act("redraw", () => {
    if (!mask.some(Boolean)) self.say(t("ui.paint.nothing_brushed"), true);
    else ask("edit", { mask, ...(picture.plan ? { plan: picture.plan } : {}) });
  });
  // The plan of an edit tells of what was new in it alone: to vary it would lose the rest.
  self.act("vary", () =>
    ask("vary", { amount: Number(amount.value), ...(picture?.plan && !picture.part ? { plan: picture.plan } : {}) }),
  );
  prompt.addEventListener(
    "keydown",
    (event) => event.key === "Enter" && element.querySelector('[data-act="redraw"]').click(),
  );
};
