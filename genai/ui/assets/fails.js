/* GANs that were made to fail, on the visitor's seeds; beside each the figures that expose it, and those that it fools. */
genai.views.fails = ({ id, element, server }) => {
  const { el, t } = genai;
  const picture = element.querySelector(".one-picture");
  const kinds = element.querySelector(".kinds");
  const why = element.querySelector(".why");
  const figures = element.querySelector(".figures");
  const failures = JSON.parse(element.querySelector("[data-stage]").dataset.failures);
  let chosen = 0;
  let shared = { seed: 1 };
  const self = genai.stage(id, element, server, (answer) => {
    picture.src = answer.src;
  });
  const asked = () => ({ model: failures[chosen].model, action: "sample", controls: { ...shared, count: 64 } });
  const short = (value) => (value === null ? "–" : Number(value.toPrecision(3)).toString());
  const tell = () => {
    const failure = failures[chosen];
    why.textContent = t(`ui.gan.fails.${failure.kind}_why`);
    const lines = [];
    for (const role of ["exposed", "fooled"]) {
      if (failure[role].length) lines.push(el("h4", "", t(`ui.gan.fails.${role}`)));
      for (const { figure, value, sound } of failure[role])
        lines.push(
          el("dt", "", figure),
          el(
            "dd",
            role === "exposed" ? "bad" : "",
            t("ui.gan.fails.beside", { value: short(value), sound: short(sound) }),
          ),
        );
    }
    figures.replaceChildren(...lines);
    for (const [n, node] of [...kinds.children].entries()) node.setAttribute("aria-pressed", n === chosen);
    element.dataset.kind = failure.kind;
  };
  self.follow = (request) => {
    if (!failures.length) return;
    const { seed } = request.controls ?? {};
    if (seed !== undefined && seed !== null) shared = { seed };
    self.draw(asked());
  };
  kinds.replaceChildren(
    ...failures.map(({ kind }, n) => {
      const node = el("button", "tool", t(`ui.gan.fails.${kind}`));
      node.addEventListener("click", () => {
        chosen = n;
        tell();
        self.draw(asked());
      });
      return node;
    }),
  );
  if (failures.length) tell();
};
