/* The visitor's own seeds, drawn by a model's earlier states, one after the other. */
genai.views.learned = ({ id, element, server }) => {
  const { el, t } = genai;
  const picture = element.querySelector(".one-picture");
  const range = element.querySelector("#gan-learned-state");
  const step = element.querySelector(".step");
  const figures = element.querySelector(".figures");
  const play = element.querySelector('[data-act="play"]');
  let shared = {};
  let playing = 0;

  const self = genai.stage(id, element, server, (answer) => {
    picture.src = answer.src;
  });
  const state = () => self.facts.snapshots[Number(range.value)];
  const asked = () => ({ model: state().name, action: "sample", controls: { ...shared, count: 16 } });
  const tell = () => {
    const { step: at, losses, figures: measured } = state();
    step.textContent = t("ui.gan.learned.step", { step: at.toLocaleString(genai.lang) });
    const short = (value) => Number(value.toPrecision(3)).toString();
    const lines = [
      ...Object.entries(losses).filter(([name]) => name.endsWith("/loss") || name.endsWith("/margin")),
      ...Object.entries(measured).filter(([name]) => !name.includes("/")),
    ];
    figures.replaceChildren(...lines.flatMap(([name, value]) => [el("dt", "", name), el("dd", "", short(value))]));
    element.dataset.state = range.value;
  };
  const setFacts = (facts) => {
    self.facts = facts;
    range.max = Math.max(0, facts.snapshots.length - 1);
    range.value = range.max;
    if (facts.snapshots.length) tell();
  };
  self.follow = ({ facts, ...request }) => {
    if (facts) setFacts(facts);
    if (!(self.facts?.snapshots?.length > 1)) return;
    const { count, ...controls } = request.controls ?? {};
    shared = { ...shared, ...controls };
    self.draw(asked());
  };
  const show = (n) => {
    range.value = n;
    tell();
    self.draw(asked());
  };
  range.addEventListener("input", () => show(range.value));
  const setPlaying = (timer) => {
    clearInterval(playing);
    playing = timer;
    play.setAttribute("aria-pressed", Boolean(timer));
    play.querySelector("span").textContent = t(timer ? "ui.gan.pause" : "ui.gan.play");
  };
  self.act("play", () => {
    if (playing) return setPlaying(0);
    if (range.value === range.max) show(0);
    setPlaying(
      setInterval(() => {
        if (self.busy) return;
        if (range.value === range.max || element.offsetParent === null) setPlaying(0);
        else show(Number(range.value) + 1);
      }, 700),
    );
  });
  const opening = JSON.parse(element.querySelector("[data-stage]").dataset.facts);
  if (opening.model) setFacts(opening);
};
