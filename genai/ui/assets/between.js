/* The way from one seed to another. */
genai.views.between = ({ id, element, server }) => {
  const picture = element.querySelector(".one-picture");
  const self = genai.stage(id, element, server, (answer) => {
    picture.src = answer.src;
  });
  self.act("loop", (button) => {
    if (!self.settled) return;
    const { position, ...controls } = self.last.request.controls;
    self.download({ model: self.last.request.model, action: "loop", controls }, button);
  });
};
