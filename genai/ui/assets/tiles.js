/* Words to pictures: tiles and sheets of them, and how the views hand a picture to each other.

   A picture is {prompt, tokens, plan}: its 64 image tokens say everything about it, so any view can take any picture; the plan
   is what it was to show. Nine of them come as one image; a tile shows its part of it. */
genai.tiles = (() => {
  const { el, t } = genai;

  /* Show tile i of an image of `count` tiles as a node's background; without `columns`, it is as square as it goes (images.grid). */
  const showTile = (node, src, i, count, columns = Math.ceil(Math.sqrt(count))) => {
    const rows = Math.ceil(count / columns);
    const part = (at, of) => (of > 1 ? `${(100 * at) / (of - 1)}%` : "0");
    node.style.backgroundImage = `url("${src}")`;
    node.style.backgroundSize = `${100 * columns}% ${100 * rows}%`;
    node.style.backgroundPosition = `${part(i % columns, columns)} ${part(Math.floor(i / columns), rows)}`;
  };

  /* A sheet of up to nine tiles; `chosen(i)` when one is clicked. */
  const sheet = (root, chosen) => {
    let nodes = [];
    return {
      clear() {
        nodes = [];
        root.replaceChildren();
      },
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
        for (const [i, node] of nodes.entries()) showTile(node, src, i, count);
        root.classList.toggle("rough", !sure);
      },
      mark(i) {
        for (const [j, node] of nodes.entries()) node.setAttribute("aria-pressed", i === j);
      },
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

  return { showTile, sheet, hand };
})();
