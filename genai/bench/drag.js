// For each value: set the slider as a drag does, wait for the picture whose request holds the value, and for its decode.
async ([stage, slider, picture, control, values]) => {
  const input = document.querySelector(slider),
    image = document.querySelector(picture);
  const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set;
  const holds = (value) => !control || [genai.stages[stage].last.request.controls[control]].flat().includes(value);
  const times = [];
  let same = 0;
  for (const value of values) {
    while (genai.stages[stage].busy) await new Promise((done) => setTimeout(done, 5)); // whoever asked before has been answered
    const before = image.src;
    let watch, timer;
    const arrived = new Promise((resolve, reject) => {
      watch = new MutationObserver(() => holds(value) && resolve());
      watch.observe(image, { attributes: true, attributeFilter: ["src"] });
      timer = setTimeout(() => reject(new Error(`no picture for ${value} after 60 s`)), 60000);
    });
    const start = performance.now();
    set.call(input, value);
    input.dispatchEvent(new Event("input", { bubbles: true }));
    await arrived;
    await image.decode();
    times.push(performance.now() - start);
    watch.disconnect();
    clearTimeout(timer);
    same += image.src === before;
  }
  return { times, same };
};
