/* The way from one seed to another, through up to four others: it can be dragged along, clicked on its film, played, and saved. */
genai.views.between = ({ id, element, server }) => {
  const { el, t } = genai;
  const most = 4; // stops between the two ends
  const seconds = 4; // from one stop to the next, as it plays
  const picture = element.querySelector(".one-picture");
  const film = element.querySelector(".film");
  const stops = element.querySelector(".stops");
  const play = element.querySelector('[data-act="play"]');
  const add = element.querySelector('[data-act="stop-add"]');
  let strip = ""; // the request whose film is shown
  let timer = 0;
  let playing = 0; // the turn that plays; 0: nobody
  let turns = 0;

  const showFilm = async () => {
    const { position, ...controls } = self.last.request.controls;
    const request = { model: self.last.request.model, action: "strip", controls };
    if (JSON.stringify(request) === strip || playing) return;
    const answer = await server.frame({ ...request, lang: genai.lang });
    if (answer.error) return;
    strip = JSON.stringify(request);
    film.style.backgroundImage = `url("${answer.src}")`;
    element.dataset.film = controls.via.length;
  };
  const self = genai.stage(id, element, server, (answer) => {
    picture.src = answer.src;
    self.via = answer.request.controls.via;
    showStops(answer.request.controls);
    clearTimeout(timer);
    timer = setTimeout(showFilm, 250);
  });
  self.via = [];
  self.follow = (request) => {
    self.via = request.controls.via ?? self.via;
    const position = request.controls.position ?? self.last?.request?.controls.position ?? 0.5;
    const { format, ...controls } = request.controls;
    self.draw({ ...request, action: "interpolate", controls: { ...controls, position, via: self.via } });
  };
  const moved = (changes) => {
    const { request } = self.last;
    self.draw({ ...request, controls: { ...request.controls, ...changes } });
  };
  // At once, not by way of Gradio, whose word of the same comes some milliseconds later.
  document.addEventListener("input", ({ target }) => {
    if (self.last?.request && target.matches("#gan-position input[type=range]"))
      moved({ position: Number(target.value) });
  });
  const showStops = ({ seed, seed_to, via }) => {
    const nodes = via.map((stop, n) => {
      const node = el("button", "stop", `${stop} ×`);
      node.setAttribute("aria-label", t("ui.gan.stop_remove", { seed: stop }));
      node.addEventListener("click", () => moved({ via: via.toSpliced(n, 1) }));
      return node;
    });
    stops.replaceChildren(el("span", "stop", seed), ...nodes, el("span", "stop", seed_to));
    add.disabled = via.length >= most;
  };
  self.act("stop-add", () => {
    if (self.last?.request && self.via.length < most) moved({ via: [...self.via, genai.dice() % 100000] });
  });
  film.addEventListener("click", (event) => {
    if (self.last?.request) moved({ position: Math.round((1000 * event.offsetX) / film.clientWidth) / 1000 });
  });

  // Live, there and back again: each frame is asked for when the one before is there, for the place where the clock stands.
  const setPlaying = (turn) => {
    playing = turn;
    play.setAttribute("aria-pressed", Boolean(turn));
    play.querySelector("span").textContent = t(turn ? "ui.gan.pause" : "ui.gan.play");
  };
  const run = (turn, started) => {
    if (playing !== turn) return;
    if (element.offsetParent === null) return setPlaying(0);
    const period = 2000 * seconds * (1 + self.via.length);
    const phase = ((performance.now() - started) % period) / period;
    const position = Math.round(1000 * (0.5 - 0.5 * Math.cos(2 * Math.PI * phase))) / 1000;
    if (!self.busy) moved({ position });
    requestAnimationFrame(() => run(turn, started));
  };
  self.act("play", () => {
    if (playing) return setPlaying(0);
    setPlaying(++turns);
    run(turns, performance.now());
  });
  const save = (format) => (button) => {
    if (!self.settled) return;
    const { position, ...controls } = self.last.request.controls;
    self.download({ model: self.last.request.model, action: "loop", controls: { ...controls, format } }, button);
  };
  self.act("loop", save("gif"));
  self.act("loop-webp", save("webp"));
};
