/* The page's own JavaScript: words, switches, and the stages.

   A stage is a picture that follows its controls. Its loop is latest-wins: while one request is under way, only the newest
   wish is kept; when the answer is there, the wish is sent. So a drag never queues, and its last position is never lost. */
(() => {
  const query = new URLSearchParams(location.search);
  const stored = (key) => {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  };
  const store = (key, value) => {
    try {
      localStorage.setItem(key, value);
    } catch {
      /* private mode */
    }
  };

  const lang = window.GENAI_LANG; // settled by language.js
  const strings = window.GENAI_STRINGS[lang];
  const t = (key, values = {}) => (strings[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

  /* Fill every [data-t] below root with its string; data-t-attr names an attribute to fill instead. */
  const translate = (root) => {
    for (const node of root.querySelectorAll("[data-t]")) {
      const attribute = node.dataset.tAttr;
      if (attribute) node.setAttribute(attribute, t(node.dataset.t));
      else node.textContent = t(node.dataset.t);
    }
  };

  const switchLanguage = (to) => {
    store("genai.lang", to);
    const url = new URL(location.href);
    if (url.searchParams.has("lang")) url.searchParams.set("lang", to);
    location.href = url.href;
  };

  // Theme: the choice made before, else the system's (which Gradio follows by itself).
  const setTheme = (dark) => {
    document.body.classList.toggle("dark", dark);
    store("genai.theme", dark ? "dark" : "light");
  };
  const startTheme = () => {
    const chosen = stored("genai.theme");
    if (chosen && !query.has("__theme")) document.body.classList.toggle("dark", chosen === "dark");
  };

  const save = (name, base64, type) => {
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([bytes], { type }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  };

  const copy = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // no permission, or not https: the old way
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
  };

  const linkTo = (result) => `${location.origin}${location.pathname}?${result}`;
  /* The address bar leads back to the last result, and Back to the one before it. What a link or Back itself brought here, or
     asks for what stands there already, is no step of its own: a step takes somebody who touches something. */
  const settled = 400; // milliseconds without another result: while a slider moves, nothing is remembered
  const keyOf = ({ model, action, controls }) => JSON.stringify([model, action, Object.entries(controls).sort()]);
  let urlTimer = 0;
  let current = ""; // the key of what the address bar shows
  let touched = false; // since the last link or Back
  for (const kind of ["pointerdown", "keydown", "input"])
    window.addEventListener(
      kind,
      () => {
        touched = true;
      },
      true,
    );
  const rest = () => {
    clearTimeout(urlTimer);
    touched = false;
  };
  window.addEventListener("popstate", rest);
  const addressOf = (answer) => {
    const url = new URLSearchParams(answer.query);
    for (const key of ["lang", "__theme"]) if (query.has(key)) url.set(key, query.get(key));
    return `?${url}`;
  };
  const arrived = (request) => {
    rest();
    current = keyOf(request);
  };
  const remember = (answer, before) => {
    clearTimeout(urlTimer);
    urlTimer = setTimeout(() => {
      const key = keyOf(answer.request);
      if (!current && !touched) return;
      if (!current && before?.query) history.replaceState(null, "", addressOf(before));
      if (key === current || !touched) history.replaceState(null, "", addressOf(answer));
      else history.pushState(null, "", addressOf(answer));
      current = key;
    }, settled);
  };

  // A stage exists once its tab has been opened. What its controls ask for before that, or while it is out of sight, waits.
  const stages = {},
    waiting = {};
  const inSight = (id) => stages[id]?.last && stages[id].element.offsetParent !== null;
  const ask = (id, request) => {
    if (inSight(id)) stages[id].follow(request);
    else waiting[id] = { ...waiting[id], ...request };
  };
  const catchUp = (id) => {
    if (!waiting[id] || !inSight(id)) return;
    const request = waiting[id];
    delete waiting[id];
    stages[id].follow(request);
  };
  /* The stage stands and shows its first picture; now, and whenever it comes into sight, what was asked meanwhile. */
  const open = (id, first) => {
    if (first.lazy && !stages[id].last) {
      // not drawn with the page but when it is seen
      stages[id].last = first;
      if (first.request.model) {
        stages[id].opening = keyOf(first.request);
        if (!waiting[id]?.facts) waiting[id] = { ...first.request, ...waiting[id] }; // ... of the model it began with
      }
    } else if (first.request && !stages[id].last) stages[id].adopt(first);
    new IntersectionObserver(() => catchUp(id)).observe(stages[id].element);
    catchUp(id);
  };

  /* Make `element` a stage. `draw(answer)` shows what server.frame answered; the toolbar acts on the last answer. */
  const stage = (id, element, server, draw) => {
    const status = element.querySelector(".stage-status");
    const say = (text, bad = false) => {
      status.textContent = text;
      status.classList.toggle("bad", bad);
    };
    const self = { wanted: null, busy: false, last: null, element, server, frames: 0 };

    self.picture = element.querySelector(".stage");
    self.settled = null; // the last answer that is whole
    self.whole = (answer) => {
      if (self.opening !== keyOf(answer.request)) remember(answer, self.settled);
      self.settled = answer;
    };
    const show = (answer) => {
      self.picture.dataset.pixels = answer.pixels;
      draw(answer);
    };
    const settle = (answer, started) => {
      if (answer.error) {
        say(answer.error, true);
        return;
      }
      self.last = answer;
      self.frames += 1;
      show(answer);
      element.dataset.frames = self.frames;
      say(
        t("ui.status", {
          ms: Math.round(performance.now() - started),
          model: Math.max(1, Math.round(answer.ms)),
          device: answer.device,
        }),
      );
      if (!answer.state) self.whole(answer);
    };

    const pump = async () => {
      if (self.busy) return;
      self.busy = true;
      while (self.wanted) {
        const request = self.wanted;
        self.wanted = null;
        self.stopped = false;
        const started = performance.now();
        try {
          let state; // of a picture that comes in rounds: each is shown, and a newer wish ends them
          do {
            const answer = await server.frame(state ? { ...request, state, lang } : { ...request, lang });
            settle(answer, started);
            state = answer.state;
          } while (state && !self.wanted && !self.stopped);
        } catch {
          say(t("ui.offline"), true);
        }
      }
      self.busy = false;
    };

    self.draw = (request) => {
      if (self.busy && keyOf(request) === keyOf(self.asked)) return; // it is under way already
      self.wanted = self.asked = request;
      pump();
    };
    self.stop = () => {
      self.stopped = true;
    };
    self.say = say;
    /* The picture is there already (drawn with the page): act on it without asking for it again. */
    self.adopt = (answer) => {
      self.last = self.settled = answer;
      show(answer);
      say(t("ui.status_first", { model: Math.max(1, Math.round(answer.ms)), device: answer.device }));
    };
    self.follow = self.draw;

    self.act = (name, handler) => {
      const button = element.querySelector(`[data-act="${name}"]`);
      if (button) button.addEventListener("click", () => handler(button));
    };
    const flash = (button, key) => {
      const label = button.querySelector("span");
      label.textContent = t(key);
      setTimeout(() => {
        label.textContent = t(label.dataset.t);
      }, 1400);
    };
    self.download = async (request, button) => {
      const file = await server.file({ ...request, lang });
      if (file.error) return say(file.error, true);
      save(file.name, file.data, file.type);
      flash(button, "ui.saved");
    };
    /* What an action tells that makes no picture: {data} or {error}. */
    self.data = (model, action, controls) => server.data({ model, action, controls, lang });
    self.copyLink = async (answer, button) => {
      await copy(linkTo(answer.query));
      flash(button, "ui.copied");
    };
    self.act("download", (button) => self.last && self.download(self.last.request, button));
    self.act("link", (button) => self.last && self.copyLink(self.last, button));
    self.act("again", () => {
      const box = element.querySelector(".stage-again");
      box.hidden = !box.hidden;
      if (!box.hidden && self.last) {
        box.querySelector(".command").textContent = self.last.command;
        box.querySelector(".api").textContent = self.last.api;
      }
    });
    stages[id] = self;
    return self;
  };

  /* Controls -> a request: the names of its controls stand in the order of the values. `facts` (JSON) tells of the model that
     is chosen. Where several controls change at once, as they do with the model, the last of their events counts. */
  const wishes = {};
  const chosen = {}; // stage -> the facts of the model chosen for it; none before somebody chose
  const chose = (stage, facts) => {
    chosen[stage] = JSON.parse(facts || "{}");
    suit(chosen[stage]);
    return chosen[stage];
  };
  /* Views that are for what the chosen model cannot do are out of sight; who stands in one is led to the first. (Gradio heeds a
     change of a tab's `visible` only once it was opened.) */
  const hiding = document.createElement("style");
  const suit = ({ unsuited }) => {
    if (!unsuited) return;
    hiding.textContent = unsuited.map((view) => `#${view}-button { display: none; }`).join("\n");
    document.head.append(hiding);
    for (const view of unsuited) {
      const button = document.getElementById(`${view}-button`);
      if (button?.ariaSelected === "true") button.closest('[role="tablist"]').querySelector('[role="tab"]').click();
    }
  };
  const follow = ({ stage, action, names, fixed }, facts, ...values) => {
    const { model } = chose(stage, facts);
    if (!model) return;
    const controls = Object.fromEntries(names.map((name, i) => [name, values[i]]));
    clearTimeout(wishes[stage]);
    wishes[stage] = setTimeout(() => ask(stage, { model, action, controls: { ...controls, ...fixed } }), 0);
  };
  /* Another model is chosen: its facts go to a stage that builds its controls from them. */
  const choose = ({ stage }, facts) => {
    if (chose(stage, facts).model) ask(stage, { facts: chosen[stage] });
  };

  const stop = (spec) => {
    for (const id of spec.stages) stages[id]?.stop();
  };

  /* Bring a piece of the page to life by its view, a function of one of the other files. */
  const views = {};
  const mount = (view, element, gradio) => {
    translate(element);
    gradio.watch("value", () => translate(element));
    const root = element.querySelector("[data-stage]");
    views[view]({ ...gradio, element, id: root?.dataset.stage });
    if (root) open(root.dataset.stage, JSON.parse(root.dataset.initial));
  };

  const el = (name, className, text = "") => {
    const node = document.createElement(name);
    node.className = className;
    node.textContent = text;
    return node;
  };

  const dice = () => Math.floor(Math.random() * 2 ** 32);

  window.genai = {
    lang,
    t,
    el,
    views,
    mount,
    stage,
    stages,
    ask,
    follow,
    choose,
    chosen,
    suit,
    stop,
    dice,
    arrived,
    switchLanguage,
    setTheme,
    startTheme,
  };
})();
