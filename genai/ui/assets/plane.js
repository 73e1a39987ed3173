/* A point of a plane through a seed's latent, moved by a pad. */
genai.views.plane = ({ id, element, server }) => {
  const picture = element.querySelector(".one-picture");
  const ground = element.querySelector(".pad");
  let timer = 0;
  let mapped = ""; // the request whose map is shown
  const showMap = async () => {
    const { x, y, ...controls } = self.last.request.controls;
    const request = { model: self.last.request.model, action: "plane_map", controls };
    if (JSON.stringify(request) === mapped) return;
    const answer = await server.frame({ ...request, lang: genai.lang });
    if (answer.error) return;
    mapped = JSON.stringify(request);
    ground.style.backgroundImage = `url("${answer.src}")`;
    ground.classList.add("mapped");
    element.dataset.map = controls.seed;
  };
  const self = genai.stage(id, element, server, (answer) => {
    picture.src = answer.src;
    clearTimeout(timer);
    timer = setTimeout(() => element.offsetParent && showMap(), 250);
  });
  const pad = genai.pad(ground, (x, y) => {
    if (!self.settled) return;
    self.draw({ ...self.last.request, controls: { ...self.last.request.controls, x, y } });
  });
  self.pad = pad;
  self.follow = (request) => {
    const { x, y } = request.controls; // a link's; the controls beside it know no point
    if (x !== undefined) pad.set(x, y, false);
    const [atX, atY] = pad.get();
    self.draw({ ...request, action: "plane", controls: { ...request.controls, x: atX, y: atY } });
  };
};

/* A pad: a square that answers dragging and arrow keys with x, y in [-1, 1]. */
genai.pad = (element, moved) => {
  const dot = element.querySelector(".pad-dot");
  const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  let x = 0;
  let y = 0;
  const place = () => {
    dot.style.left = `${50 + 50 * x}%`;
    dot.style.top = `${50 - 50 * y}%`;
    element.setAttribute("aria-valuetext", `${x.toFixed(2)}, ${y.toFixed(2)}`);
  };
  const clamp = (v) => Math.round(1000 * Math.max(-1, Math.min(1, v))) / 1000;
  const set = (nx, ny, tell = true) => {
    x = clamp(nx);
    y = clamp(ny);
    place();
    if (tell) moved(x, y);
  };
  const follow = (event) => {
    const box = element.getBoundingClientRect();
    set((2 * (event.clientX - box.left)) / box.width - 1, 1 - (2 * (event.clientY - box.top)) / box.height);
  };
  element.addEventListener("pointerdown", (event) => {
    element.setPointerCapture(event.pointerId);
    element.focus();
    follow(event);
  });
  element.addEventListener("pointermove", (event) => event.buttons && follow(event));
  element.addEventListener("keydown", (event) => {
    const step = steps[event.key];
    if (!step) return;
    event.preventDefault();
    set(x + 0.05 * step[0], y + 0.05 * step[1]);
  });
  place();
  return { set, get: () => [x, y] };
};
