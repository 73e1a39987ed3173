/* Rows give the coarse, columns the fine: a slider says from which resolution on. */
genai.views.mix = ({ id, element, server }) => {
  const { t } = genai;
  const picture = element.querySelector(".one-picture");
  const range = element.querySelector(".level input");
  const said = element.querySelector(".level output");
  const from = element.querySelector(".from");
  const forget = element.querySelector('[data-act="forget"]');
  let shared = {};
  const self = genai.stage(id, element, server, (answer) => {
    picture.src = answer.src;
  });
  self.latent = "";
  const asked = () => ({
    model: self.facts.model,
    action: "mix",
    controls: { ...shared, latent: self.latent, level: Number(range.value) },
  });
  const sideAt = (level) => self.facts.side / 2 ** (self.facts.levels - 1 - level);
  const say = () => {
    const side = sideAt(Number(range.value));
    said.textContent = t("ui.gan.mix.from", { side });
    from.textContent = self.latent ? t("ui.gan.mix.first_row") : "";
    forget.hidden = !self.latent;
  };
  const setFacts = (facts) => {
    self.facts = facts;
    range.max = Math.max(1, facts.levels - 1);
    range.value = Math.max(1, Math.floor(facts.levels / 2));
    self.latent = "";
    say();
  };
  self.follow = ({ facts, ...request }) => {
    if (facts) setFacts(facts);
    if (!self.facts?.offers?.includes("mix")) return;
    const { latent, level, ...controls } = request.controls ?? {};
    shared = { ...shared, ...controls };
    self.latent = latent ?? self.latent;
    if (level) range.value = level;
    say();
    self.draw(asked());
  };
  range.addEventListener("input", () => {
    say();
    self.draw(asked());
  });
  self.act("forget", () => {
    self.latent = "";
    say();
    self.draw(asked());
  });
  const opening = JSON.parse(element.querySelector("[data-stage]").dataset.facts);
  if (opening.model) setFacts(opening);
};
