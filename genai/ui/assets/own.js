/* A visitor's own picture below `element`: from a file, dropped on it, from the camera where the browser has one, and from the
   clipboard where `pastes`. `take(uri)` gets it, made small here: a telephone's is larger than anybody needs to send.
   `say(text, bad)` tells what went wrong. */
genai.own = (element, take, say, pastes = false) => {
  const most = 1000;
  const find = (selector) => element.querySelector(`.own ${selector}`);
  const upload = find(".upload"),
    finder = find(".viewfinder"),
    video = find("video");
  const read = async (source) => {
    let uri;
    try {
      uri = await genai.smaller(source, most);
    } catch {
      return say(genai.t("ui.own.unreadable"), true);
    }
    await take(uri);
  };
  find('[data-act="upload"]').addEventListener("click", () => upload.click());
  upload.addEventListener("change", () => {
    const [file] = upload.files;
    upload.value = "";
    if (file) read(file);
  });
  element.addEventListener("dragover", (event) => event.preventDefault());
  element.addEventListener("drop", (event) => {
    event.preventDefault();
    const [file] = event.dataTransfer.files;
    if (file) read(file);
  });
  if (pastes)
    document.addEventListener("paste", (event) => {
      const [file] = event.clipboardData?.files ?? [];
      if (!file || element.offsetParent === null) return; // out of sight: it was meant for something else
      event.preventDefault();
      read(file);
    });

  // The camera is on from the click until its picture is taken, or the click again.
  let stream = null;
  const off = () => {
    for (const track of stream?.getTracks() ?? []) track.stop();
    stream = video.srcObject = null;
    finder.hidden = true;
  };
  const camera = find('[data-act="camera"]');
  camera.hidden = !navigator.mediaDevices?.getUserMedia;
  camera.addEventListener("click", async () => {
    if (stream) return off();
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: true });
    } catch {
      return say(genai.t("ui.own.no_camera"), true);
    }
    video.srcObject = stream;
    finder.hidden = false;
    await video.play();
  });
  find('[data-act="shoot"]').addEventListener("click", async () => {
    await read(video);
    off();
  });
};

/* A picture (a file, or what a video shows now) as a PNG data URI of at most `most` pixels a side. */
genai.smaller = async (source, most) => {
  const picture = await createImageBitmap(source);
  const scale = Math.min(1, most / Math.max(picture.width, picture.height));
  const canvas = genai.el("canvas", "");
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL("image/png");
};
