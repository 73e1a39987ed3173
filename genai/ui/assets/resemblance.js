/* How near a picture is to the nearest that its model learned from, in words, with those pictures where the data are there. */
genai.resemblance = async (stage, request) => {
  const { el, t } = genai;
  const { model, controls } = request;
  const told = await stage.data(model, "nearest", controls);
  if (told.error) return [];
  const { percentile, places } = told.data;
  const key = percentile < 1 ? "copy" : percentile < 20 ? "near" : percentile > 99 ? "far" : "usual";
  const lines = [el("p", "resemblance", t(`ui.gan.nearest.${key}`, { percentile }))];
  const learned = await stage.server.learned({ model, places, lang: genai.lang });
  if (learned.pictures?.length) {
    const row = el("div", "neighbours");
    for (const src of learned.pictures) {
      const picture = el("img", "");
      picture.src = src;
      picture.alt = t("ui.gan.nearest.one");
      row.append(picture);
    }
    lines.push(el("p", "", t("ui.gan.nearest.these")), row);
  }
  return lines;
};
