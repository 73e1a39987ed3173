/* A picture as large as the window: over the page, in full screen on a click.

   genai.lightbox.open({ src, pixels, caption, walk }) -> { say(...nodes) }: whoever opened it may still add to it, as long as nobody opened
   another; walk(-1 or 1) is called by the arrow keys. */
genai.lightbox = (() => {
  const { el, t } = genai;
  let box = null;

  const build = () => {
    const dialog = el("dialog", "lightbox");
    const picture = el("img", "lightbox-picture");
    const caption = el("p", "lightbox-caption");
    const more = el("div", "lightbox-more");
    const close = el("button", "lightbox-close", "×");
    close.setAttribute("aria-label", t("ui.lightbox.close"));
    picture.title = t("ui.lightbox.full_screen");
    const text = el("div", "lightbox-text");
    text.append(caption, more);
    dialog.append(close, picture, text);
    close.addEventListener("click", () => dialog.close());
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    picture.addEventListener("click", () => {
      if (document.fullscreenElement) document.exitFullscreen();
      else picture.requestFullscreen?.();
    });
    dialog.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (by) box.walk?.(by);
    });
    dialog.addEventListener("close", () => document.fullscreenElement && document.exitFullscreen());
    document.querySelector(".gradio-container").append(dialog);
    box = { dialog, picture, caption, more, turn: 0 };
  };

  const open = ({ src, pixels, caption, walk }) => {
    if (!box) build();
    const turn = ++box.turn;
    box.walk = walk;
    box.picture.src = src;
    box.picture.alt = caption;
    box.dialog.dataset.pixels = pixels;
    box.caption.textContent = caption;
    box.more.replaceChildren();
    if (!box.dialog.open) box.dialog.showModal();
    return { say: (...nodes) => turn === box.turn && box.dialog.open && box.more.replaceChildren(...nodes) };
  };
  return { open };
})();
