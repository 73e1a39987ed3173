/* A square canvas in which a picture can be dragged, and enlarged by the wheel or + and -; `taken(uri)` when it rests, with the square
   as a small JPEG. */
genai.cropper = (canvas, taken) => {
  const load = (uri) =>
    new Promise((done, failed) => {
      const picture = new Image();
      picture.onload = () => done(picture);
      picture.onerror = failed;
      picture.src = uri;
    });

  const sent = 128; // pixels a side: as many as the models see, or twice, and short enough for a link
  const pen = canvas.getContext("2d");
  const side = canvas.width;
  const small = genai.el("canvas", "");
  small.width = small.height = sent;
  let picture = null;
  let scale = 1;
  let x = 0;
  let y = 0;
  let timer = 0;
  const least = () => side / Math.min(picture.width, picture.height);
  const draw = () => {
    const limit = (at, length) => Math.min(0, Math.max(side - length * scale, at));
    scale = Math.max(least(), Math.min(8 * least(), scale));
    x = limit(x, picture.width);
    y = limit(y, picture.height);
    pen.fillStyle = "#fff"; // where it is transparent
    pen.fillRect(0, 0, side, side);
    pen.imageSmoothingQuality = "high";
    pen.drawImage(picture, x, y, picture.width * scale, picture.height * scale);
    clearTimeout(timer);
    timer = setTimeout(() => {
      const copy = small.getContext("2d");
      copy.imageSmoothingQuality = "high";
      copy.drawImage(canvas, 0, 0, sent, sent);
      taken(small.toDataURL("image/jpeg", 0.92));
    }, 200);
  };
  const zoom = (factor, atX = side / 2, atY = side / 2) => {
    if (!picture) return;
    const before = scale;
    scale = Math.max(least(), Math.min(8 * least(), scale * factor));
    x = atX - ((atX - x) * scale) / before;
    y = atY - ((atY - y) * scale) / before;
    draw();
  };
  const ratio = () => side / canvas.getBoundingClientRect().width;
  canvas.addEventListener("pointerdown", (event) => canvas.setPointerCapture(event.pointerId));
  canvas.addEventListener("pointermove", (event) => {
    if (!picture || !event.buttons) return;
    x += event.movementX * ratio();
    y += event.movementY * ratio();
    draw();
  });
  canvas.addEventListener(
    "wheel",
    (event) => {
      if (!picture) return;
      event.preventDefault();
      zoom(Math.exp(-event.deltaY / 400), event.offsetX * ratio(), event.offsetY * ratio());
    },
    { passive: false },
  );
  canvas.addEventListener("keydown", (event) => {
    const steps = { ArrowLeft: [-8, 0], ArrowRight: [8, 0], ArrowUp: [0, -8], ArrowDown: [0, 8] };
    const factor = { "+": 1.1, "=": 1.1, "-": 1 / 1.1 }[event.key];
    if (!picture || !(steps[event.key] || factor)) return;
    event.preventDefault();
    if (factor) return zoom(factor);
    x += steps[event.key][0];
    y += steps[event.key][1];
    draw();
  });
  return {
    load: async (uri) => {
      picture = await load(uri);
      scale = least();
      x = (side - picture.width * scale) / 2;
      y = (side - picture.height * scale) / 2;
      draw();
    },
  };
};
