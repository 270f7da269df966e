// Scans with the camera: <section data-scan="ID of the form">. The code goes into the form's field "code", which is sent.
// The browser's own reader is used where there is one; else that of the npm package qr (static/qr).
const section = document.querySelector("[data-scan]");
const form = document.getElementById(section.dataset.scan);
const button = section.querySelector("[data-scan-start]");
const video = section.querySelector("video");
const said = section.querySelector("[data-scan-said]");
let stream;

async function reader() {
  if ("BarcodeDetector" in window && (await BarcodeDetector.getSupportedFormats()).includes("qr_code")) {
    const native = new BarcodeDetector({ formats: ["qr_code"] });
    return async (canvas) => (await native.detect(canvas))[0]?.rawValue;
  }
  const { decodeQR } = await import("./qr/decode.js");
  return async (canvas, context) => {
    try {
      return decodeQR(context.getImageData(0, 0, canvas.width, canvas.height));
    } catch {
      return undefined; // no code in this picture
    }
  };
}

function stop() {
  stream?.getTracks().forEach((track) => track.stop());
  stream = undefined;
  video.hidden = true;
  button.textContent = button.dataset.start;
}

async function start() {
  said.textContent = "";
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1280 } }, audio: false });
  } catch {
    said.textContent = said.dataset.denied;
    form.elements.code.focus();
    return;
  }
  video.srcObject = stream;
  video.hidden = false;
  button.textContent = button.dataset.stop;
  await video.play();
  const read = await reader();
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", { willReadFrequently: true });
  while (stream) {
    if (video.videoWidth > 0) {
      const scale = Math.min(1, 800 / video.videoWidth);
      canvas.width = video.videoWidth * scale;
      canvas.height = video.videoHeight * scale;
      context.drawImage(video, 0, 0, canvas.width, canvas.height);
      const text = await read(canvas, context);
      if (text && stream) {
        stop();
        form.elements.code.value = text;
        form.requestSubmit();
        return;
      }
    }
    await new Promise((next) => setTimeout(next, 100));
  }
}

if (navigator.mediaDevices?.getUserMedia) {
  button.hidden = false;
  button.addEventListener("click", () => (stream ? stop() : start()));
} else {
  said.textContent = said.dataset.denied;
}
addEventListener("pagehide", stop);
