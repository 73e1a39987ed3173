/* Pictures in words: what was planned, what the judge sees, and whether that is what the prompt asks for. */
genai.described = (() => {
  const { el, t } = genai;

  /* What is in a picture, as words of the visitor's language: attribute -> value, null where that is open. */
  const inWords = (values) => {
    const name = (group, value) => (value === null ? "?" : t(`ui.paint.${group}.${value}`));
    const thing = (n) =>
      ["size", "colour", "kind"]
        .map((group) => [group, values[group + n]])
        .filter(([, value]) => value !== null && value !== "none")
        .map(([group, value]) => name(group, value))
        .join(" ");
    const pair = values.kind2 !== null && values.kind2 !== "none";
    const what = pair
      ? [thing(""), name("arrangement", values.arrangement), thing(2)].join(" · ")
      : `${name("arrangement", values.arrangement)} · ${thing("")}`;
    return { what, ground: name("ground", values.ground) };
  };
  const answerInWords = (seen) => {
    // the judge's answer
    const values = Object.fromEntries(Object.entries(seen).map(([name, answer]) => [name, answer.value]));
    const least = Math.min(...Object.values(seen).map((answer) => answer.p));
    return t("ui.paint.judge_sees", { ...inWords(values), sure: Math.round(100 * least) });
  };
  const plannedInWords = (plan) => ("arrangement" in plan.entries ? t("ui.paint.planned", inWords(plan.entries)) : "");

  const showVerdict = (root, verdict) => {
    root.replaceChildren();
    for (const word of verdict.words) {
      const state = word.right === null ? "" : word.right ? " yes" : " no";
      root.append(el("span", `verdict${state}`, word.text + (word.right === null ? "" : word.right ? " ✓" : " ✗")));
    }
    if (verdict.plan) root.append(el("p", "caption planned", plannedInWords(verdict.plan)));
    root.append(el("p", "caption", answerInWords(verdict.seen)));
  };

  return { answerInWords, plannedInWords, showVerdict };
})();
