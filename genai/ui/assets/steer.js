/* Named directions of the latent space as sliders. The picture follows a drag; when it rests, the pictures under all sliders do. */
genai.views.steer = ({ id, element, server }) => {
  const { el, t } = genai;
  const stops = [-1, -0.5, 0, 0.5, 1];
  const rest = 250; // milliseconds without a move
  const picture = element.querySelector(".one-picture");
  const box = element.querySelector(".directions");
  const from = element.querySelector(".from");
  const forget = element.querySelector('[data-act="forget"]');
  let rows = [];
  let timer = 0;
  let shared = {}; // what the controls at the left say

  const self = genai.stage(id, element, server, (answer) => {
    picture.src = answer.src;
    const { latent, seed } = answer.request.controls;
    from.textContent = latent ? t("ui.gan.steer.from_picture") : t("ui.gan.tile_seed", { seed });
    clearTimeout(timer);
    timer = setTimeout(showStrips, rest);
  });
  Object.assign(self, { amounts: [], latent: "" });
  const asked = () => ({
    model: self.facts.model,
    action: "steer",
    controls: { ...shared, latent: self.latent, amounts: self.amounts },
  });
  const showStrips = async () => {
    const request = asked();
    const answer = await server.frame({ ...request, action: "strips", lang: genai.lang });
    if (answer.error || JSON.stringify(request) !== JSON.stringify(asked())) return;
    const count = rows.length * stops.length;
    for (const [n, row] of rows.entries())
      for (const [i, cell] of row.cells.entries())
        genai.tiles.showTile(cell, answer.src, n * stops.length + i, count, stops.length);
    element.dataset.strips = self.frames;
  };
  const put = (amounts) => {
    self.amounts = amounts;
    for (const [n, row] of rows.entries()) row.range.value = amounts[n];
  };
  const move = (n, amount) => {
    self.amounts = self.amounts.with(n, amount);
    rows[n].range.value = amount;
    self.draw(asked());
  };
  const build = (names) => {
    rows = names.map((name, n) => {
      const said = name[genai.lang] ?? name.en;
      const row = el("div", "direction");
      const ends = el("div", "ends");
      const [low, high] = said.split(" ↔ ");
      ends.append(el("span", "", low), el("span", "", high ?? ""));
      const range = el("input", "");
      Object.assign(range, { type: "range", min: -1, max: 1, step: 0.02, id: `gan-steer-${n + 1}` });
      range.setAttribute("aria-label", said);
      range.addEventListener("input", () => move(n, Number(range.value)));
      const strip = el("div", "strip");
      const cells = stops.map((stop) => {
        const cell = el("button", "cell");
        cell.setAttribute("aria-label", `${said}: ${stop}`);
        cell.addEventListener("click", () => move(n, stop));
        strip.append(cell);
        return cell;
      });
      row.append(ends, range, strip);
      return { row, range, cells };
    });
    box.replaceChildren(...rows.map(({ row }) => row));
    put(names.map(() => 0));
  };
  const begin = (latent) => {
    self.latent = latent;
    forget.hidden = !latent;
  };
  self.follow = ({ facts, ...request }) => {
    if (facts) {
      self.facts = facts;
      build(facts.directions);
      begin("");
    }
    if (!self.facts?.directions.length) return;
    const { amounts, latent, ...controls } = request.controls ?? {};
    if (controls.seed !== undefined && controls.seed !== shared.seed && latent === undefined) self.latent = "";
    shared = { ...shared, ...controls };
    begin(latent ?? self.latent);
    if (amounts) put(amounts);
    self.draw(asked());
  };
  self.act("reset", () => {
    put(self.amounts.map(() => 0));
    self.draw(asked());
  });
  self.act("surprise", () => {
    put(self.amounts.map(() => Math.round(50 * (Math.random() - 0.5)) / 50));
    self.draw(asked());
  });
  self.act("forget", () => {
    begin("");
    self.draw(asked());
  });
  self.act("large", async () => {
    if (!self.settled) return;
    const { src, pixels, request } = self.settled;
    const shown = genai.lightbox.open({ src, pixels, caption: from.textContent });
    if (self.facts.offers.includes("nearest")) shown.say(...(await genai.resemblance(self, request)));
  });
  self.facts = JSON.parse(element.querySelector("[data-stage]").dataset.facts);
  if (self.facts.directions?.length) {
    build(self.facts.directions);
    begin("");
  }
};
