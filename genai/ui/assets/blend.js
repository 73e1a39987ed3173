/* Two prompts and a slider between them. */
genai.views.blend = ({ id, element, server }) => {
  const { sheet } = genai.tiles;
  const [from, to] = element.querySelectorAll("input.words"),
    slider = element.querySelector('input[type="range"]');
  const grid = sheet(element.querySelector(".sheet"), () => {});
  const self = genai.stage(id, element, server, (answer) => {
    grid.show(answer.src, answer.request.controls.count, !answer.state);
    element.dataset.round = answer.state ? answer.state.k : "done";
    element.dataset.position = answer.request.controls.position;
  });
  const ask = () =>
    self.draw({
      ...self.last.request,
      controls: {
        ...self.last.request.controls,
        prompt: from.value,
        prompt_to: to.value,
        position: Number(slider.value),
      },
    });
  self.follow = ({ facts, ...request }) => {
    if (!request.controls && !facts) return;
    const asked = request.controls ? request : facts.blend;
    const { prompt, prompt_to, position } = asked.controls;
    [from.value, to.value, slider.value] = [prompt, prompt_to, position];
    self.draw(asked);
  };
  for (const input of [from, to]) input.addEventListener("change", ask);
  slider.addEventListener("input", ask);
};
