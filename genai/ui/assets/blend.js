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
  self.follow = (request) => {
    const { controls } = request;
    if (!controls) return;
    [from.value, to.value, slider.value] = [controls.prompt, controls.prompt_to, controls.position];
    self.draw(request);
  };
  for (const input of [from, to]) input.addEventListener("change", ask);
  slider.addEventListener("input", ask);
};
