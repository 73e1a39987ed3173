/* What the decoder makes of a latent, which sliders, a drawing or a picture set. */
genai.views.latents = ({ id, element, server }) => {
  const picture = element.querySelector(".one-picture");
  const drawing = element.querySelector(".drawing");
  const canvas = element.querySelector(".ink");
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  const self = genai.stage(id, element, server, (answer) => {
    picture.src = answer.src;
  });
  const setFacts = (facts) => {
    self.facts = facts;
    self.z = facts.start;
    drawing.hidden = !facts.ink;
    self.sliders?.build(facts);
    self.sliders?.show(self.z);
  };
  /* A latent from anywhere: the sliders stand where it is, and the picture is drawn. */
  const asking = (z) => ({ model: self.facts.model, action: "decode", controls: { z } });
  self.set = (z) => {
    self.z = z;
    self.sliders?.show(z);
    self.draw(asking(z));
  };
  self.slide = (dimension, value) => {
    self.z = self.z.with(dimension, value);
    self.draw(asking(self.z));
  };
  const from = async (action, controls) => {
    const { model } = self.facts;
    const answer = await self.data(model, action, controls);
    if (model !== self.facts.model) return; // another one was chosen meanwhile
    if (answer.error) self.say(answer.error, true);
    else self.set(answer.data.z);
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
  const opening = JSON.parse(element.querySelector("[data-stage]").dataset.facts);
  if (opening.model) setFacts(opening);

  // White ink on black; while it grows, its latent is read again and again, latest wins.
  let down = false;
  let reading = false;
  let dirty = false;
  const encode = (image) => from("encode", { image });
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
  const read = async () => {
    dirty = true;
    if (reading) return;
    reading = true;
    while (dirty) {
      dirty = false;
      await encode(canvas.toDataURL("image/png"));
    }
    reading = false;
  };
  const draw = (event) => {
    pen.lineTo(...at(event));
    pen.stroke();
    read();
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
  self.act("clear", wipe);

  // A picture from a file, made small here: a telephone's is larger than anybody needs to send.
  const upload = element.querySelector(".upload");
  self.act("upload", () => upload.click());
  upload.addEventListener("change", async () => {
    const [file] = upload.files;
    upload.value = "";
    if (!file) return;
    try {
      await encode(await genai.smaller(file, 1000));
    } catch {
      self.say(genai.t("ui.vae.unreadable"), true);
    }
  });
};

/* A picture file as a PNG data URI of at most `most` pixels a side. */
genai.smaller = async (file, most) => {
  const picture = await createImageBitmap(file);
  const scale = Math.min(1, most / Math.max(picture.width, picture.height));
  const canvas = genai.el("canvas", "");
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL("image/png");
};

/* A slider for each dimension, in order of what it tells; the first few in sight, the others folded away. */
genai.views.sliders = ({ element }) => {
  const inSight = 10;
  const stage = () => genai.stages.vae;
  let ranges = [];
  const put = (range, value) => {
    range.value = value;
    range.nextElementSibling.textContent = Number(value).toFixed(2);
  };
  const sliders = {
    build({ order, kl, limit }) {
      ranges = [];
      const rows = order.map((dimension, place) => {
        const row = genai.el("label", "latent");
        const range = genai.el("input", "");
        row.id = `vae-z${place + 1}`;
        Object.assign(range, { type: "range", min: -limit, max: limit, step: 0.01 });
        const said = kl ? `z${place + 1} · ${kl[dimension].toFixed(2)} nats` : `z${place + 1}`;
        row.append(genai.el("span", "", said), range, genai.el("output", ""));
        range.addEventListener("input", () => {
          put(range, range.value);
          stage().slide(dimension, Number(range.value));
        });
        ranges[dimension] = range;
        return row;
      });
      element.querySelector(".shown").replaceChildren(...rows.slice(0, inSight));
      element.querySelector(".folded").replaceChildren(...rows.slice(inSight));
      element.querySelector("details").hidden = rows.length <= inSight;
    },
    show(z) {
      for (const [dimension, value] of z.entries()) put(ranges[dimension], value);
    },
  };
  element.querySelector('[data-act="reset"]').addEventListener("click", () => stage().set(stage().z.map(() => 0)));
  element.querySelector('[data-act="dice"]').addEventListener("click", () => stage().dice(genai.dice()));

  // The stage stands beside it in the same tab; whichever is there first waits for the other.
  const meet = () => {
    if (!stage()) return setTimeout(meet, 50);
    stage().sliders = sliders;
    if (!stage().facts) return;
    sliders.build(stage().facts);
    sliders.show(stage().z);
  };
  meet();
};
