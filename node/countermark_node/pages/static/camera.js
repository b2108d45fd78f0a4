/** The camera: opened, turned into small JPEG frames, closed. */

const LONGEST_SIDE = 1280;
const QUALITY = 0.8;
const WANTED = { audio: false, video: { facingMode: { ideal: "environment" }, width: { ideal: 1280 }, height: { ideal: 960 } } };

/** Why there is no camera, as the last part of a `scan.` sentence. */
export function reasonOf(error) {
  if (error.name === "NotAllowedError" || error.name === "SecurityError") return "denied";
  if (error.name === "NotFoundError" || error.name === "OverconstrainedError") return "no-camera";
  return "in-use";
}

/** `width` x `height` made to fit the longest side that is sent. */
function fitted(width, height) {
  const scale = Math.min(1, LONGEST_SIDE / Math.max(width, height));
  return [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
}

function jpegOf(source, width, height) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = fitted(width, height);
  canvas.getContext("2d").drawImage(source, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
}

/** A chosen file made small, or the file itself when this browser cannot read it (the node then says why). */
export async function shrunk(file) {
  try {
    const bitmap = await createImageBitmap(file);
    const blob = await jpegOf(bitmap, bitmap.width, bitmap.height);
    bitmap.close();
    return blob ?? file;
  } catch {
    return file;
  }
}

/** One camera shown in one video element. */
export class Camera {
  constructor(video) {
    this.video = video;
    this.stream = null;
  }

  static get available() {
    return isSecureContext && Boolean(navigator.mediaDevices?.getUserMedia);
  }

  get open() {
    return this.stream !== null;
  }

  async start() {
    if (this.open) return;
    this.stream = await navigator.mediaDevices.getUserMedia(WANTED);
    this.video.srcObject = this.stream;
    await this.video.play();
  }

  stop() {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.video.srcObject = null;
    this.stream = null;
  }

  /** The present picture as a JPEG, or null while the camera shows nothing. */
  async frame() {
    const { videoWidth, videoHeight } = this.video;
    if (!this.open || videoWidth === 0) return null;
    return jpegOf(this.video, videoWidth, videoHeight);
  }
}
