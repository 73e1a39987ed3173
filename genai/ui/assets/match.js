/* A visitor's own picture: cropped here, drawn again by the model from latents that are found for it step by step. */
genai.views.match = ({ id, element, server }) => {
  const { t } = genai;
  const picture = element.querySelector(".one-picture");
  const told = element.querySelector(".told");
  const heat = element.querySelector(".difference");
  const button = (act) => element.querySelector(`[data-act="${act}"]`);
  let turn = 0; // of the search that is shown
  let latent = "";
  let yours = null; // the picture that is matched, as a data URI
  let last = null;

  const self = genai.stage(id, element, server, () => {});
  self.facts = JSON.parse(element.querySelector("[data-stage]").dataset.facts);
  self.follow = ({ facts, ...request }) => {
    if (facts) {
      self.facts = facts;
      turn += 1;
      enable(false);
      button("stop").disabled = true;
      if (yours) search();
    }
    if (request.controls?.image) crop.load(request.controls.image);
  };
  const enable = (found) => {
    for (const act of ["to-steer", "to-mix", "more"]) button(act).disabled = !found;
    if (!self.facts.offers?.includes("steer")) button("to-steer").disabled = true;
  };
  const tell = (answer, done) => {
    const { k, distance, least_alike } = answer;
    const where = t(`ui.gan.match.part_${least_alike.join("")}`);
    told.textContent = t(done ? "ui.gan.match.done" : "ui.gan.match.step", { k, distance: distance.toFixed(1), where });
  };
  /* As many steps as there are by default; each answer is shown, and the next one is only asked for when it was. */
  const search = async (steps) => {
    const mine = ++turn;
    const controls = steps ? { image: yours, steps } : { image: yours };
    const request = { model: self.facts.model, action: "match", controls };
    const started = performance.now();
    let state;
    button("stop").disabled = false;
    do {
      let answer;
      try {
        answer = await server.frame({ ...request, ...(state ? { state } : {}), lang: genai.lang });
      } catch {
        answer = { error: t("ui.offline") };
      }
      if (mine !== turn) return;
      if (answer.error) {
        told.textContent = answer.error;
        break;
      }
      state = answer.state;
      latent = answer.latent;
      last = { model: request.model, action: "steer", controls: { latent } };
      self.last = answer;
      self.frames += 1;
      picture.src = answer.src;
      element.dataset.frames = self.frames;
      enable(true);
      tell(answer, !state);
      heat.src = answer.difference;
      self.say(
        t("ui.status", {
          ms: Math.round(performance.now() - started),
          model: Math.round(answer.ms),
          device: answer.device,
        }),
      );
    } while (state && mine === turn);
    if (mine !== turn) return;
    button("stop").disabled = true;
    element.dataset.done = self.frames;
    if (last && self.facts.offers.includes("nearest")) unlike(mine);
  };
  /* What is drawn now may be unlike anything the model knows: then so was the picture. */
  const unlike = async (mine) => {
    const answer = await self.data(self.facts.model, "nearest", { latent });
    if (mine !== turn || answer.error) return;
    if (answer.data.percentile > 99 || self.last.distance > 45) told.textContent += ` ${t("ui.gan.match.unlike")}`;
  };
  const crop = genai.cropper(element.querySelector(".crop"), (uri) => {
    yours = uri;
    search();
  });
  genai.own(
    element,
    (uri) => crop.load(uri),
    (said) => {
      told.textContent = said;
    },
    true,
  );
  self.act("stop", () => {
    turn += 1;
    button("stop").disabled = true;
    element.dataset.done = self.frames;
  });
  self.act("more", () => search(200));
  const hand = (view) => () => {
    document.getElementById(`view-gan-${view}-button`)?.click();
    genai.ask(`gan-${view}`, { model: self.facts.model, action: view, controls: { latent } });
  };
  self.act("to-steer", hand("steer"));
  self.act("to-mix", hand("mix"));
};
