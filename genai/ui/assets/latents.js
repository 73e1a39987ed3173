/* What the decoder makes of a latent, which sliders, a drawing or a picture set. */
genai.views.latents = ({ id, element, server }) => {
  const find = (selector) => element.querySelector(selector);
  const picture = find(".one-picture"),
    drawing = find(".drawing"),
    photograph = find(".photograph"),
    given = find(".given");
  const self = genai.stage(id, element, server, (answer) => {
    picture.src = answer.src;
    self.sliders?.settle(answer);
  });
  const setFacts = (facts) => {
    self.facts = facts;
    self.z = facts.start;
    drawing.hidden = !facts.ink;
    photograph.hidden = facts.ink;
    given.hidden = true;
    self.sliders?.build(facts);
    self.sliders?.show(self.z);
  };
  /* A latent from anywhere: the sliders stand where it is, and the picture is drawn. */
  const asking = (z) => ({ model: self.facts.model, action: "decode", controls: { z } });
  self.set = (z) => {
    self.sliders?.show(z);
    self.slide(z);
  };
  self.slide = (z) => {
    self.z = z;
    self.draw(asking(z));
  };
  const from = async (action, controls) => {
    const { model } = self.facts;
    const answer = await self.data(model, action, controls);
    if (model !== self.facts.model) return null; // another one was chosen meanwhile
    if (answer.error) self.say(answer.error, true);
    else self.set(answer.data.z);
    return answer.data;
  };
  self.dice = (seed) => from("latent", { seed });
  let early = null; // a link's request whose model's facts are on their way
  self.follow = ({ facts, ...request }) => {
    if (facts) setFacts(facts);
    const asked = request.model ? request : early;
    early = asked && asked.model !== self.facts?.model ? asked : null;
    if (early) return;
    if (asked?.controls.z) self.set(asked.controls.z);
    else if (asked) self.dice(asked.controls.seed);
    else if (facts) self.set(facts.start);
  };
  const opening = JSON.parse(find("[data-stage]").dataset.facts);
  if (opening.model) setFacts(opening);

  // A drawing grows, and its latent is read again and again; of a photograph it is told what was lost.
  const encode = (image) => from("encode", { image });
  const reconstruct = async (image) => {
    const read = await from("reconstruct", { image });
    if (!read) return;
    for (const name of ["seen", "redrawn", "difference"]) find(`.given .${name}`).src = read[name];
    const said = [genai.t("ui.vae.off", read)];
    if (read.lost !== null) said.push(genai.t("ui.vae.lost", read));
    if (read.unusual !== null) said.push(genai.t("ui.vae.unusual", read));
    find(".found").textContent = said.join(" ");
    given.hidden = false;
    self.own = read.z;
  };
  genai.ink(find(".ink"), encode, find('[data-act="clear"]'));
  genai.own(element, (image) => (self.facts.ink ? encode(image) : reconstruct(image)), self.say, true);
  self.act("back", () => self.set(self.own));
};

/* White ink on a black canvas; while it grows, `read(uri)` is called again and again, latest wins. */
genai.ink = (canvas, read, clear) => {
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  let down = false;
  let reading = false;
  let dirty = false;
  const wipe = () => {
    pen.fillStyle = "#000";
    pen.fillRect(0, 0, canvas.width, canvas.height);
  };
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return [
      ((event.clientX - box.left) * canvas.width) / box.width,
      ((event.clientY - box.top) * canvas.height) / box.height,
    ];
  };
  const look = async () => {
    dirty = true;
    if (reading) return;
    reading = true;
    while (dirty) {
      dirty = false;
      await read(canvas.toDataURL("image/png"));
    }
    reading = false;
  };
  const draw = (event) => {
    pen.lineTo(...at(event));
    pen.stroke();
    look();
  };
  wipe();
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    down = true;
    Object.assign(pen, { strokeStyle: "#fff", lineWidth: 24, lineCap: "round", lineJoin: "round" });
    pen.beginPath();
    pen.moveTo(...at(event));
    draw(event);
  });
  canvas.addEventListener("pointermove", (event) => down && draw(event));
  canvas.addEventListener("pointerup", () => {
    down = false;
  });
  clear.addEventListener("click", wipe);
};
