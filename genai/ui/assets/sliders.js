/* A slider for each direction, with pictures along it, or for each latent, in order of what it tells; the first few in sight,
   the others folded away. */
genai.views.sliders = ({ element }) => {
  const inSight = 10;
  const patience = 350; // milliseconds of rest before strips are drawn
  const stage = () => genai.stages.vae;
  const folded = element.querySelector("details");
  const preview = element.querySelector(".preview");
  let rows = [];
  let resting = 0; // a timer; and the number of the rest, by which a strip that comes too late is known

  /* A knob reads its value out of a latent, and gives the latent in which it has another. */
  const knobOf = (dimension) => ({
    get: (z) => z[dimension],
    set: (z, value) => z.with(dimension, value),
  });
  const directionOf = ({ mean, axes, deviations }, k, limit) => {
    const along = (z) => z.reduce((sum, v, i) => sum + (v - mean[i]) * axes[k][i], 0) / deviations[k];
    const clamp = (v) => Math.round(1e4 * Math.max(-limit, Math.min(limit, v))) / 1e4;
    return {
      get: along,
      set: (z, value) => z.map((v, i) => clamp(v + (value - along(z)) * deviations[k] * axes[k][i])),
    };
  };
  const put = ({ range }, value) => {
    range.value = value;
    range.nextElementSibling.textContent = Number(value).toFixed(2);
  };
  const show = (z, but = null) => {
    for (const row of rows) if (row !== but && (folded.open || !row.folded)) put(row, row.knob.get(z));
  };
  const move = (row, value) => {
    clearTimeout(resting);
    resting = 0; // strips that are under way end
    put(row, value);
    const z = row.knob.set(stage().z, Number(value));
    show(z, row);
    stage().slide(z);
  };
  const build = (id, said, reach, knob) => {
    const node = genai.el("label", "latent");
    const range = genai.el("input", "");
    node.id = id;
    Object.assign(range, { type: "range", min: -reach, max: reach, step: 0.01 });
    node.append(genai.el("span", "", said), range, genai.el("output", ""));
    const row = { node, range, knob };
    range.addEventListener("input", () => move(row, range.value));
    return row;
  };
  /* Pictures below a direction's slider, each where the slider stands for it; a click goes there. */
  const withStrip = (row, along) => {
    row.node.classList.add("direction");
    row.strip = genai.el("img", "strip");
    row.strip.alt = "";
    row.strip.hidden = true;
    row.strip.addEventListener("click", (event) => {
      event.preventDefault();
      const box = row.strip.getBoundingClientRect();
      const place = Math.floor(((event.clientX - box.left) / box.width) * along.length);
      move(row, along[Math.max(0, Math.min(along.length - 1, place))]);
    });
    row.node.append(row.strip);
    return row;
  };
  const drawStrips = async (turn) => {
    const { facts, z, server } = stage();
    for (const [direction, row] of rows.entries()) {
      if (!row.strip || turn !== resting || element.offsetParent === null) return;
      const answer = await server.frame({
        model: facts.model,
        action: "strip",
        controls: { z, direction },
        lang: genai.lang,
      });
      if (turn !== resting || answer.error) return;
      row.strip.src = answer.src;
      row.strip.hidden = false;
    }
  };
  const rest = () => {
    clearTimeout(resting);
    if (!rows[0]?.strip) return;
    const turn = setTimeout(() => drawStrips(turn), patience);
    resting = turn;
  };
  const sliders = {
    build({ order, kl, limit, directions }) {
      const latents = order.map((dimension, place) => {
        const said = kl ? `z${place + 1} · ${kl[dimension].toFixed(2)} nats` : `z${place + 1}`;
        return build(`vae-z${place + 1}`, said, limit, knobOf(dimension));
      });
      const ways = (directions?.axes ?? []).map((_, k) => {
        const row = build(`vae-d${k + 1}`, `${k + 1}`, directions.reach, directionOf(directions, k, limit));
        row.range.setAttribute("aria-label", genai.t("ui.vae.direction", { number: k + 1 }));
        return withStrip(row, directions.along);
      });
      rows = [...ways, ...latents];
      const shown = ways.length || inSight;
      for (const row of rows.slice(shown)) row.folded = true;
      const nodes = rows.map((row) => row.node);
      element.querySelector(".shown").replaceChildren(...nodes.slice(0, shown));
      element.querySelector(".folded").replaceChildren(...nodes.slice(shown));
      folded.hidden = rows.length <= shown;
      const kind = ways.length ? "directions" : "latents";
      for (const node of element.querySelectorAll("[data-of]")) node.hidden = node.dataset.of !== kind;
    },
    show,
    /* The picture stands as it was wished: a small one follows, and a while later the strips, one by one, until somebody moves. */
    settle({ src, pixels }) {
      preview.src = src;
      preview.hidden = false;
      preview.dataset.pixels = pixels;
      rest();
    },
  };
  folded.addEventListener("toggle", () => stage()?.z && show(stage().z));
  element.querySelector('[data-act="reset"]').addEventListener("click", () => {
    const { z, facts } = stage();
    stage().set(facts.directions?.mean ?? z.map(() => 0));
  });
  element.querySelector('[data-act="dice"]').addEventListener("click", () => stage().dice(genai.dice()));

  // The stage stands beside it in the same tab; whichever is there first waits for the other.
  const meet = () => {
    if (!stage()) return setTimeout(meet, 50);
    stage().sliders = sliders;
    if (!stage().facts) return;
    sliders.build(stage().facts);
    sliders.show(stage().z);
    if (stage().last?.src) sliders.settle(stage().last);
  };
  meet();
  new IntersectionObserver(() => stage()?.facts && rest()).observe(element);
};
