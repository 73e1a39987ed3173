/* The notice says where its result belongs: which tabs to open, and which stage shows what. They are opened from here: were
   the tabs themselves outputs of an event, Gradio would copy the whole page's state at every update of any later event (0.1 s
   for each piece of text). */
genai.views.notice = ({ element, watch }) => {
  watch("value", async () => {
    const place = element.querySelector("[data-place]")?.dataset.place;
    if (!place) return;
    const { tabs, stage, request } = JSON.parse(place);
    for (const id of tabs) {
      const button = () => document.getElementById(`${id}-button`); // of a view inside a tab: there once the tab is open
      for (let i = 0; i < 100 && !button(); i++) await new Promise((done) => setTimeout(done, 50));
      button()?.click();
    }
    if (stage) genai.ask(stage, request);
  });
};

genai.address = () => (location.search.includes("model=") ? location.search.slice(1) : "");
