/* Words to pictures: the four stages of the Prompt tab's pictures, and how they hand a picture to each other.

   A picture is {prompt, tokens, plan}: its 64 image tokens say everything about it, so any stage can take any picture; the plan
   is what it was to show. Nine of them come as one image; a tile shows its part of it. */
(() => {
  const { t } = genai;
  const el = (name, className, text = "") => {
    const node = document.createElement(name);
    node.className = className;
    node.textContent = text;
    return node;
  };

  /* Show tile i of an image of `count` tiles (images.grid: as square as it goes) as a node's background. */
  const showTile = (node, src, i, count) => {
    const columns = Math.ceil(Math.sqrt(count)), rows = Math.ceil(count / columns);
    const part = (at, of) => (of > 1 ? `${(100 * at) / (of - 1)}%` : "0");
    node.style.backgroundImage = `url("${src}")`;
    node.style.backgroundSize = `${100 * columns}% ${100 * rows}%`;
    node.style.backgroundPosition = `${part(i % columns, columns)} ${part(Math.floor(i / columns), rows)}`;
  };

  /* A sheet of up to nine tiles; `chosen(i)` when one is clicked. */
  const sheet = (root, chosen) => {
    let nodes = [];
    return {
      show(src, count, sure) {
        if (nodes.length !== count) {
          root.replaceChildren();
          root.dataset.count = count;
          nodes = Array.from({ length: count }, (_, i) => {
            const node = el("button", "cell");
            node.setAttribute("aria-label", t("ui.paint.tile", { number: i + 1 }));
            node.addEventListener("click", () => chosen(i));
            root.append(node);
            return node;
          });
        }
        nodes.forEach((node, i) => showTile(node, src, i, count));
        root.classList.toggle("rough", !sure);
      },
      mark(i) { nodes.forEach((node, j) => node.setAttribute("aria-pressed", i === j)); },
      badge(i, text, title, good) {
        const node = nodes[i];
        if (!node) return;
        node.replaceChildren();
        if (!text) return;
        const badge = el("span", `badge${good ? "" : " bad"}`, text);
        badge.title = title;
        node.append(badge);
      },
    };
  };

  const openView = (view) => document.getElementById(`view-prompt-${view}-button`)?.click();
  const hand = (view, picture) => {
    openView(view);
    genai.ask(`paint-${view}`, { picture });
  };

  /* What is in a picture, as words of the visitor's language: attribute -> value, null where that is open. */
  const inWords = (values) => {
    const name = (group, value) => (value === null ? "?" : t(`ui.paint.${group}.${value}`));
    const thing = (n) => ["size", "colour", "kind"].map((group) => [group, values[group + n]])
      .filter(([, value]) => value !== null && value !== "none").map(([group, value]) => name(group, value)).join(" ");
    const pair = values.kind2 !== null && values.kind2 !== "none";
    const what = pair ? [thing(""), name("arrangement", values.arrangement), thing(2)].join(" · ")
      : `${name("arrangement", values.arrangement)} · ${thing("")}`;
    return { what, ground: name("ground", values.ground) };
  };
  const answerInWords = (seen) => { // the judge's answer
    const values = Object.fromEntries(Object.entries(seen).map(([name, answer]) => [name, answer.value]));
    const least = Math.min(...Object.values(seen).map((answer) => answer.p));
    return t("ui.paint.judge_sees", { ...inWords(values), sure: Math.round(100 * least) });
  };
  const planned = (plan) => ("arrangement" in plan.entries ? t("ui.paint.planned", inWords(plan.entries)) : "");

  const showVerdict = (root, verdict) => {
    root.replaceChildren();
    for (const word of verdict.words) {
      const state = word.right === null ? "" : word.right ? " yes" : " no";
      root.append(el("span", `verdict${state}`, word.text + (word.right === null ? "" : word.right ? " ✓" : " ✗")));
    }
    if (verdict.plan) root.append(el("p", "caption planned", planned(verdict.plan)));
    root.append(el("p", "caption", answerInWords(verdict.seen)));
  };

  /* -- draw: nine pictures of a prompt, from rough to sharp ------------------------------------------------------------ */

  const draw = (element, server) => {
    const large = element.querySelector(".large-tile"), caption = element.querySelector("figcaption");
    const verdictBox = element.querySelector(".verdicts"), twin = element.querySelector(".twin .cell");
    const note = element.querySelector(".paint-note");
    let chosen = 0, verdicts = null, twinTurn = 0;
    const controls = () => self.last.request.controls;
    const seedOf = (i) => (controls().seed + i) % 4294967296;
    const grid = sheet(element.querySelector(".sheet"), (i) => { chosen = i; openTile(); });

    const openTile = () => {
      const count = controls().count;
      chosen = Math.min(chosen, count - 1);
      grid.mark(chosen);
      if (!self.last.src) return;
      showTile(large, self.last.src, chosen, count);
      caption.textContent = t("ui.gan.tile_seed", { seed: seedOf(chosen) });
      element.dataset.tile = seedOf(chosen);
      if (verdicts) showVerdict(verdictBox, verdicts[chosen]);
      else verdictBox.replaceChildren();
      if (!self.last.state) showTwin();
    };

    const showTwin = async () => { // the same seed, nothing asked: what the words changed
      const turn = ++twinTurn;
      let state, answer;
      await new Promise((wait) => setTimeout(wait, 300)); // whoever goes on at once is not kept waiting by it
      if (turn !== twinTurn || self.busy) return;
      do {
        const request = { ...self.last.request, controls: { ...controls(), prompt: "", seed: seedOf(chosen), count: 1 } };
        answer = await server.frame({ ...request, ...(state ? { state } : {}), lang: genai.lang });
        if (turn !== twinTurn || self.busy || answer.error) return;
        state = answer.state;
      } while (state);
      showTile(twin, answer.src, 0, 1);
      element.dataset.twin = seedOf(chosen);
    };

    const judge = async () => {
      const { request, tokens, plan } = self.last;
      const answer = await server.see({ model: request.model, prompt: request.controls.prompt, tokens, plan, lang: genai.lang });
      if (answer.error) { verdictBox.replaceChildren(el("p", "caption", answer.error)); return; }
      if (self.last.tokens !== tokens) return;
      verdicts = answer.verdicts;
      verdicts.forEach((verdict, i) => {
        const named = verdict.words.filter((word) => word.right !== null), wrong = named.filter((word) => !word.right);
        grid.badge(i, named.length ? (wrong.length ? `✗ ${wrong.map((word) => word.text).join(" ")}` : "✓") : "", answerInWords(verdict.seen), !wrong.length);
      });
      element.dataset.judged = self.frames;
      openTile();
    };

    const self = genai.stage("paint", element, server, (answer) => {
      const count = answer.request.controls.count;
      grid.show(answer.src, count, !answer.state);
      verdicts = null;
      for (let i = 0; i < count; i++) grid.badge(i, "");
      element.dataset.round = answer.state ? answer.state.k : "done";
      note.textContent = answer.request.controls.prompt.trim() ? "" : t("ui.paint.free");
      openTile();
      if (!answer.state) judge();
    });

    const tile = (action) => {
      if (self.last?.tokens) action({ prompt: controls().prompt, tokens: self.last.tokens[chosen], plan: self.last.plan?.[chosen], request: self.last.request, seed: seedOf(chosen) });
    };
    const on = (act, handler) => element.querySelector(`[data-act="${act}"]`).addEventListener("click", (event) => tile((picture) => handler(picture, event.currentTarget)));
    on("tile-download", ({ request, seed }) => self.download({ ...request, controls: { ...request.controls, seed, count: 1 } }));
    on("tile-edit", (picture) => hand("edit", picture));
    on("tile-inside", (picture) => hand("inside", picture));
  };

  /* -- edit and vary: brush over a part, or let part of it be drawn again ---------------------------------------------- */

  const edit = (element, server) => {
    const base = element.querySelector(".base"), cells = element.querySelector(".brush");
    const prompt = element.querySelector("input.words"), amount = element.querySelector('input[type="range"]');
    let picture = null, mask = [], side = 0, brushing = null;

    const setMask = (values) => {
      mask = values;
      [...cells.children].forEach((cell, i) => cell.classList.toggle("on", !!mask[i]));
      element.dataset.masked = mask.reduce((a, b) => a + b, 0);
    };
    const setBase = async (to) => {
      picture = to;
      prompt.value = to.prompt;
      side = Math.round(Math.sqrt(to.tokens.length));
      if (cells.children.length !== to.tokens.length) {
        cells.style.setProperty("--side", side);
        cells.replaceChildren(...to.tokens.map(() => el("i", "")));
      }
      setMask(to.mask ?? to.tokens.map(() => 0));
      const answer = await server.frame({ model: to.request.model, action: "decode", controls: { tokens: to.tokens }, lang: genai.lang });
      if (answer.error) return self.say(answer.error, true);
      showTile(base, answer.src, 0, 1);
      element.dataset.base = to.tokens.join(",");
    };
    const grid = sheet(element.querySelector(".sheet"), (i) => {
      if (self.last?.tokens) setBase({ prompt: self.last.request.controls.prompt, tokens: self.last.tokens[i], plan: self.last.plan?.[i], part: self.last.request.action === "edit", request: self.last.request });
    });
    const self = genai.stage("paint-edit", element, server, (answer) => {
      grid.show(answer.src, answer.request.controls.count, !answer.state);
      element.dataset.round = answer.state ? answer.state.k : "done";
    });
    const ask = (action, more) => {
      if (!picture) return;
      const { cfg_scale, steps, temperature, order } = picture.request.controls;
      const drawing = { cfg_scale, steps, temperature, order, seed: genai.dice(), count: 9 };
      self.draw({ model: picture.request.model, action, controls: { ...drawing, prompt: prompt.value, tokens: picture.tokens, ...more } });
    };
    self.follow = (request) => {
      if (request.picture) setBase(request.picture);
      if (!request.action) return;
      const { controls } = request; // from a link
      setBase({ prompt: controls.prompt, tokens: controls.tokens, plan: controls.plan, mask: controls.mask, request });
      if (controls.amount !== undefined) amount.value = controls.amount;
      self.draw({ model: request.model, action: request.action, controls });
    };

    const brush = (event) => {
      const box = cells.getBoundingClientRect();
      const x = Math.floor(((event.clientX - box.left) / box.width) * side), y = Math.floor(((event.clientY - box.top) / box.height) * side);
      if (x < 0 || y < 0 || x >= side || y >= side) return;
      const i = y * side + x;
      if (brushing === null) brushing = mask[i] ? 0 : 1;
      setMask(mask.map((value, j) => (i === j ? brushing : value)));
    };
    cells.addEventListener("pointerdown", (event) => { cells.setPointerCapture(event.pointerId); brushing = null; brush(event); });
    cells.addEventListener("pointermove", (event) => event.buttons && brush(event));
    const on = (act, handler) => element.querySelector(`[data-act="${act}"]`).addEventListener("click", handler);
    on("brush-all", () => setMask(mask.map(() => 1)));
    on("brush-none", () => setMask(mask.map(() => 0)));
    on("redraw", () => {
      if (!mask.some(Boolean)) self.say(t("ui.paint.nothing_brushed"), true);
      else ask("edit", { mask, ...(picture.plan ? { plan: picture.plan } : {}) });
    });
    // The plan of an edit tells of what was new in it alone: to vary it would lose the rest.
    on("vary", () => ask("vary", { amount: Number(amount.value), ...(picture?.plan && !picture.part ? { plan: picture.plan } : {}) }));
    prompt.addEventListener("keydown", (event) => event.key === "Enter" && element.querySelector('[data-act="redraw"]').click());
  };

  /* -- blend: two prompts and a slider between them -------------------------------------------------------------------- */

  const blend = (element, server) => {
    const [from, to] = element.querySelectorAll("input.words"), slider = element.querySelector('input[type="range"]');
    const grid = sheet(element.querySelector(".sheet"), () => {});
    const self = genai.stage("paint-blend", element, server, (answer) => {
      grid.show(answer.src, answer.request.controls.count, !answer.state);
      element.dataset.round = answer.state ? answer.state.k : "done";
      element.dataset.position = answer.request.controls.position;
    });
    const ask = () => self.draw({
      ...self.last.request,
      controls: { ...self.last.request.controls, prompt: from.value, prompt_to: to.value, position: Number(slider.value) },
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

  /* -- inside: tokens, certainty, attention ---------------------------------------------------------------------------- */

  const inside = (element, server) => {
    const base = element.querySelector(".base"), heat = element.querySelector(".heat"), words = element.querySelector(".look-words");
    const others = element.querySelector(".others"), say = element.querySelector(".inside-note");
    let picture = null, found = null, cell = -1, turn = 0;

    const frame = (tokens) => server.frame({ model: picture.request.model, action: "decode", controls: { tokens }, lang: genai.lang });
    const paintHeat = (values, kind) => {
      const top = Math.max(...values, 1e-9);
      [...heat.children].forEach((node, i) => {
        const v = kind === "certainty" ? 1 - values[i] : values[i] / top;
        node.style.background = kind === "certainty" ? `rgba(217, 119, 6, ${(0.75 * v).toFixed(3)})` : `rgba(20, 184, 166, ${(0.8 * v).toFixed(3)})`;
        node.classList.toggle("on", i === cell);
      });
      element.dataset.heat = kind;
    };
    const showCertainty = () => {
      paintHeat(found.certainty, "certainty");
      say.textContent = t("ui.paint.certainty_hint");
      for (const node of words.children) node.setAttribute("aria-pressed", false);
    };
    const showWord = (i) => {
      paintHeat(found.attention.map((row) => row[i]), "attention");
      say.textContent = t("ui.paint.attention_hint", { word: found.words[i].text });
      [...words.children].forEach((node, j) => node.setAttribute("aria-pressed", i === j));
    };
    const open = async (to) => {
      const mine = ++turn;
      picture = to;
      cell = -1;
      others.replaceChildren();
      const [drawn, answer] = await Promise.all([
        frame(to.tokens), server.inside({ model: to.request.model, prompt: to.prompt, tokens: to.tokens, plan: to.plan ?? null, lang: genai.lang }),
      ]);
      if (mine !== turn) return;
      if (drawn.error || answer.error) return self.say(drawn.error ?? answer.error, true);
      self.last = drawn; // what the toolbar downloads and links to
      found = answer;
      showTile(base, drawn.src, 0, 1);
      heat.style.setProperty("--side", Math.round(Math.sqrt(to.tokens.length)));
      heat.replaceChildren(...to.tokens.map((token, i) => {
        const node = el("button", "");
        node.setAttribute("aria-label", t("ui.paint.token", { place: i + 1, token }));
        node.title = t("ui.paint.token_title", { token, sure: (100 * found.certainty[i]).toFixed(1) });
        node.addEventListener("click", () => choose(i));
        node.classList.toggle("stands", found.plan.cells.includes(i));
        return node;
      }));
      words.replaceChildren(...found.words.map((word, i) => {
        const node = el("button", `verdict${word.understood ? " yes" : ""}`, word.text);
        node.addEventListener("click", () => (node.getAttribute("aria-pressed") === "true" ? showCertainty() : showWord(i)));
        return node;
      }));
      element.dataset.tokens = to.tokens.join(",");
      element.querySelector(".planned").textContent = planned(found.plan);
      showCertainty();
    };
    const choose = async (i) => { // the likeliest tokens for this place, each drawn in the picture
      const mine = ++turn;
      cell = i;
      showCertainty();
      others.replaceChildren();
      for (const [token, p] of found.alternatives[i]) {
        const tokens = picture.tokens.map((old, j) => (i === j ? token : old));
        const answer = await frame(tokens);
        if (mine !== turn || answer.error) return;
        const node = el("button", "cell other");
        showTile(node, answer.src, 0, 1);
        node.append(el("span", "badge", `${token} · ${(100 * p).toFixed(p < 0.1 ? 1 : 0)} %`));
        node.setAttribute("aria-pressed", token === picture.tokens[i]);
        node.addEventListener("click", () => open({ ...picture, tokens }));
        others.append(node);
      }
    };
    const self = genai.stage("paint-inside", element, server, () => {});
    self.follow = (request) => {
      if (request.picture) open(request.picture);
      else if (request.controls?.tokens) open({ prompt: "", tokens: request.controls.tokens, request }); // from a link
    };
    element.querySelector('[data-act="inside-edit"]').addEventListener("click", () => picture && hand("edit", picture));
  };

  /* Each word of the prompt as the model reads it, while it is typed; latest wins. */
  let reading = 0;
  const read = async (prompt, model) => {
    const box = document.querySelector("#paint-words .read"), server = genai.stages.paint?.server;
    if (!box || !server) return;
    const turn = ++reading;
    const answer = await server.read({ model, prompt: prompt ?? "", lang: genai.lang });
    if (turn !== reading) return;
    if (answer.error) { box.replaceChildren(el("span", "word unknown", answer.error)); return; }
    box.replaceChildren(...answer.words.flatMap((word) => {
      const node = el("span", `word ${word.status}`, word.text);
      node.title = t(`ui.paint.word.${word.status}`);
      const offered = word.nearest.map((known) => {
        const offer = el("button", "offer", known);
        offer.title = t("ui.paint.offer", { word: known });
        offer.addEventListener("click", () => {
          const box = document.querySelector("#paint-prompt textarea");
          const at = box.value.toLowerCase().indexOf(word.text);
          if (at < 0) return;
          setPrompt(box.value.slice(0, at) + known + box.value.slice(at + word.text.length));
        });
        return offer;
      });
      return [node, ...offered];
    }));
    box.dataset.read = prompt;
    const strange = answer.words.some((word) => word.status === "unknown");
    document.querySelector("#paint-words .legend").hidden = !strange;
  };
  /* Write into Gradio's box as a person would, and draw. */
  const setPrompt = (text, go = true) => {
    const box = document.querySelector("#paint-prompt textarea");
    Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value").set.call(box, text);
    box.dispatchEvent(new Event("input", { bubbles: true }));
    if (go) setTimeout(() => document.querySelector("#paint-run").click(), 60);
  };

  genai.paint = { draw, edit, blend, inside, read, setPrompt };
})();
