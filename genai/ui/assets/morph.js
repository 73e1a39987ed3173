/* From one latent to another, beside the cross-fade of their pictures. Each end is a throw of the dice, a picture of the
   visitor's, or where the sliders stand. */
genai.views.morph = ({ id, element, server }) => {
  const pictures = element.querySelectorAll(".one-picture");
  const slider = element.querySelector("#vae-position");
  const film = element.querySelector(".film");
  const ends = [...element.querySelectorAll(".end")];
  const names = ["z", "z_to"];
  const self = genai.stage(id, element, server, (answer) => {
    for (const picture of pictures) picture.src = answer.src;
  });
  let model = "";
  let z = []; // the two latents
  let turn = 0;
  const at = () => Object.fromEntries(names.map((name, i) => [name, z[i]]));
  const ask = () => self.draw({ model, action: "morph", controls: { ...at(), position: Number(slider.value) } });
  /* The whole way, of which the first picture and the last show the ends. */
  const roll = async () => {
    const mine = ++turn;
    const answer = await server.frame({ model, action: "film", controls: at(), lang: genai.lang });
    if (mine !== turn) return;
    if (answer.error) return self.say(answer.error, true);
    film.src = answer.src;
    film.hidden = false;
    for (const end of ends) end.querySelector(".end-picture").style.backgroundImage = `url(${answer.src})`;
  };
  const begin = (request) => {
    model = request.model;
    z = names.map((name) => request.controls[name]);
    slider.value = request.controls.position ?? 0.5;
    ask();
    roll();
  };
  self.follow = ({ facts, ...request }) => {
    const asked = request.controls ? request : facts?.morph;
    if (asked) begin(asked);
  };
  const put = (i, latent) => {
    z[i] = latent;
    ask();
    roll();
  };
  const from = async (i, action, controls) => {
    const chosen = model;
    const answer = await self.data(model, action, controls);
    if (chosen !== model) return; // another one was chosen meanwhile
    if (answer.error) self.say(answer.error, true);
    else put(i, answer.data.z);
  };
  for (const [i, end] of ends.entries()) {
    end.querySelector('[data-do="dice"]').addEventListener("click", () => from(i, "latent", { seed: genai.dice() }));
    end.querySelector('[data-do="sliders"]').addEventListener("click", () => put(i, genai.stages.vae.z));
    genai.own(end, (image) => from(i, "encode", { image }), self.say);
  }
  slider.addEventListener("input", ask);
  self.act("loop", (button) => self.settled && self.download({ model, action: "morph_loop", controls: at() }, button));
};
