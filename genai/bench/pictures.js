// For each seed: from asking for pictures to the first rough ones on the screen, and to the last.
async ([prompt, count, seeds]) => {
  const self = genai.stages.paint;
  const painted = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  while (self.busy) await painted();
  const first = [],
    whole = [];
  for (const seed of seeds) {
    const controls = { ...self.last.request.controls, prompt, count, seed };
    const frames = self.frames;
    const start = performance.now();
    self.draw({ ...self.last.request, controls });
    while (self.frames === frames) await painted();
    first.push(performance.now() - start);
    while (self.element.dataset.round !== "done") await painted();
    whole.push(performance.now() - start);
    while (self.busy) await painted();
  }
  return { first, whole };
};
