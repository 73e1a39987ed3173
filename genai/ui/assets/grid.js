/* A grid of samples; one of them stands large beside it, and opens as large as the screen. */
genai.views.grid = ({ id, element, server }) => {
  const picture = element.querySelector(".grid-picture");
  const mark = element.querySelector(".tile-mark");
  const tile = element.querySelector(".tile-picture");
  const caption = element.querySelector("figcaption");
  const opening = JSON.parse(element.querySelector("[data-stage]").dataset.facts);
  genai.suit(opening);
  let chosen = 0;
  let tileAnswer = null;
  let tileTurn = 0;

  const columns = () => Math.ceil(Math.sqrt(self.last.request.controls.count));
  const seedOf = (i) => (self.last.request.controls.seed + i) % 4294967296;
  const placeMark = () => {
    const side = picture.clientWidth / columns();
    mark.style.width = mark.style.height = `${side}px`;
    mark.style.left = `${picture.offsetLeft + (chosen % columns()) * side}px`;
    mark.style.top = `${picture.offsetTop + Math.floor(chosen / columns()) * side}px`;
    mark.hidden = false;
  };
  const showTile = async () => {
    const turn = ++tileTurn;
    const { model, controls } = self.last.request;
    caption.textContent = genai.t("ui.gan.tile_seed", { seed: seedOf(chosen) });
    placeMark();
    const request = { model, action: "sample", controls: { ...controls, seed: seedOf(chosen), count: 1 } };
    const answer = await server.frame({ ...request, lang: genai.lang });
    if (turn !== tileTurn) return;
    if (answer.error) return self.say(answer.error, true);
    tileAnswer = answer;
    tile.src = answer.src;
    element.dataset.tile = seedOf(chosen);
  };
  const enlarge = async () => {
    if (!tileAnswer) return;
    const { src, pixels, request } = tileAnswer;
    const { count, ...controls } = request.controls;
    const shown = genai.lightbox.open({
      src,
      pixels,
      caption: genai.t("ui.gan.tile_seed", { seed: controls.seed }),
      walk: async (by) => {
        chosen = (chosen + by + self.last.request.controls.count) % self.last.request.controls.count;
        await showTile();
        enlarge();
      },
    });
    const offers = (genai.chosen[id] ?? opening).offers ?? [];
    if (offers.includes("nearest")) shown.say(...(await genai.resemblance(self, { ...request, controls })));
  };

  const self = genai.stage(id, element, server, (answer) => {
    picture.src = answer.src;
    chosen = Math.min(chosen, answer.request.controls.count - 1);
    showTile();
  });
  picture.addEventListener("click", async (event) => {
    if (!self.settled) return;
    const side = picture.clientWidth / columns();
    const i = Math.floor(event.offsetY / side) * columns() + Math.floor(event.offsetX / side);
    chosen = Math.max(0, Math.min(self.last.request.controls.count - 1, i));
    await showTile();
    enlarge();
  });
  element.querySelector(".tile").addEventListener("click", enlarge);
  self.act("tile-open", enlarge);
  self.act("tile-download", (button) => tileAnswer && self.download(tileAnswer.request, button));
  self.act("tile-link", (button) => tileAnswer && self.copyLink(tileAnswer, button));
  new ResizeObserver(() => self.settled && picture.clientWidth && placeMark()).observe(picture);
};
