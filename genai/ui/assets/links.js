/* The notice says where its result belongs: which tabs to open, and which stage shows what. They are opened from here: were
   the tabs themselves outputs of an event, Gradio would copy the whole page's state at every update of any later event (0.1 s
   for each piece of text). */
genai.views.notice = ({ element, watch }) => {
  watch("value", async () => {
    const place = element.querySelector("[data-place]")?.dataset.place;
    if (!place) return;
    const { tabs, stage, request } = JSON.parse(place);
    genai.arrived(request);
    for (const id of tabs) {
      const button = () => document.getElementById(`${id}-button`); // of a view inside a tab: there once the tab is open
      for (let i = 0; i < 100 && !button(); i++) await new Promise((done) => setTimeout(done, 50));
      button()?.click();
    }
    if (stage) genai.ask(stage, request);
  });
};

const addressOfResult = () => (location.search.includes("model=") ? location.search.slice(1) : "");

/* What the page opens with: the address, where it names a result, and the facts of the models shown. */
genai.address = (_spec, _address, ...facts) => [addressOfResult(), ...facts];

/* Back and Forward: an event whose value is the address that the visitor returned to. */
genai.views.history = ({ props, trigger }) => {
  window.addEventListener("popstate", () => {
    const address = addressOfResult();
    if (!address) return;
    props.value = `${address}#${Date.now()}`; // the same address again is news, too
    trigger("change");
  });
};
