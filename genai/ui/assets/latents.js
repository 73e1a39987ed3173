/* What the decoder draws, and a canvas whose drawing sets the latent. */
genai.views.latents = ({ id, element, server }) => {
  const picture = element.querySelector(".one-picture");
  const self = genai.stage(id, element, server, (answer) => {
    picture.src = answer.src;
  });

  // White ink on black; while it grows, its latent is read again and again, latest wins.
  const canvas = element.querySelector(".ink");
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  let down = false;
  let reading = false;
  let dirty = false;
  const wipe = () => {
    pen.fillStyle = "#000";
    pen.fillRect(0, 0, canvas.width, canvas.height);
  };
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return [
      ((event.clientX - box.left) * canvas.width) / box.width,
      ((event.clientY - box.top) * canvas.height) / box.height,
    ];
  };
  const read = async () => {
    dirty = true;
    if (reading) return;
    reading = true;
    while (dirty) {
      dirty = false;
      const answer = await server.encode({ image: canvas.toDataURL("image/png"), lang: genai.lang });
      if (answer.error) self.say(answer.error, true);
      else genai.latentBridge(answer.z);
    }
    reading = false;
  };
  const draw = (event) => {
    pen.lineTo(...at(event));
    pen.stroke();
    read();
  };
  wipe();
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    down = true;
    Object.assign(pen, { strokeStyle: "#fff", lineWidth: 24, lineCap: "round", lineJoin: "round" });
    pen.beginPath();
    pen.moveTo(...at(event));
    draw(event);
  });
  canvas.addEventListener("pointermove", (event) => down && draw(event));
  canvas.addEventListener("pointerup", () => {
    down = false;
  });
  self.act("clear", wipe);
};

/* Carries a latent from JavaScript to Gradio's sliders: a change of its value is an event. */
genai.views.latentBridge = ({ props, trigger }) => {
  genai.latentBridge = (z) => {
    props.value = JSON.stringify(z);
    trigger("change");
  };
};

/* Sliders stand in order of what they tell, a latent in order of its dimensions: order[place] = dimension. */
genai.spread = ({ order }, z) => {
  const latent = JSON.parse(z);
  return order.map((dimension) => latent[dimension]);
};
genai.gather = ({ stage, model, order }, ...values) => {
  const z = [];
  order.forEach((dimension, place) => {
    z[dimension] = values[place];
  });
  genai.ask(stage, { model, action: "decode", controls: { z } });
};
genai.zeros = ({ count }) => Array(count).fill(0);
