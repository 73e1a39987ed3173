// The least that a slider's picture takes: ask the server with the value, show the picture it has ready.
const input = element.querySelector("input"),
  image = element.querySelector("img");
const request = { controls: { position: 0 } };
window.genai = { stages: { noop: { last: { request } } } };
input.addEventListener("input", async () => {
  const answer = await server.noop(Number(input.value));
  request.controls.position = answer.value;
  image.src = answer.src;
});
