/**
 * The scanner page. Frames go to the node one at a time until one holds a label; the node stores a scan only then, and
 * the camera closes, so each label found is one scan. Texts and pictures given by hand wait here for a connection.
 */

import { NONCE_TROUBLES, ask, post } from "./api.js";
import { Camera, reasonOf, shrunk } from "./camera.js";
import { currentPlace } from "./place.js";
import { forget, keep, newScan, waiting } from "./queue.js";
import { showReport } from "./report.js";
import { language, localTime, say, sayOr } from "./texts.js";

const FRAME_GAP = 350;
const LONGEST_GAP = 5_000;
const BATTERY_PATIENCE = 120_000;
const QUEUE_GAP = 30_000;
const CLOCK_TOLERANCE = 60_000;
const GOOD = new Set(["genuine", "label-genuine"]);
const PLAIN_MISSES = new Set(["no-code", "broken-picture"]);

const at = (id) => document.getElementById(id);
const camera = new Camera(at("video"));
let round = 0;
let place = null;
let uploading = false;

const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

function hint(key) {
  if (at("say").textContent !== say(key)) at("say").textContent = say(key);
}

function trouble(text) {
  at("trouble").textContent = text;
  at("trouble").hidden = text === "";
}

function wordsFor(error) {
  if (error.reason === "offline") return say("scan.offline");
  return sayOr(`problem.${error.reason}`, say("scan.problem"));
}

function request(scan, picture) {
  if (!picture) return post(`/v1/scans?lang=${language}`, scan);
  const form = new FormData();
  form.append("picture", picture, "label.jpg");
  form.append("scan", JSON.stringify(scan));
  return ask(`/v1/scans/image?lang=${language}`, { method: "POST", body: form });
}

/** The scan as this device would have dated it with the node's clock; null when its clock is right. */
function redated(scan, error) {
  const shift = Date.parse(error.nodeTime ?? "") - Date.now();
  if (error.reason !== "bad-time" || !(Math.abs(shift) > CLOCK_TOLERANCE)) return null;
  return { ...scan, occurred_at: new Date(Date.parse(scan.occurred_at) + shift).toISOString() };
}

/** Sends one scan, once more with its time put right when the clock of this device is wrong. */
async function send(scan, picture = null, beforeAgain = async () => {}) {
  try {
    return await sendOnce(scan, picture);
  } catch (error) {
    const right = redated(scan, error);
    if (!right) throw error;
    await beforeAgain(right);
    return sendOnce(right, picture);
  }
}

/** With the page's nonce, or without it when it has run out; an answer brings the next one. */
async function sendOnce(scan, picture) {
  const { nonce } = at("report").dataset;
  let answer;
  try {
    answer = await request(nonce ? { ...scan, page_nonce: nonce } : scan, picture);
  } catch (error) {
    if (!NONCE_TROUBLES.has(error.reason)) throw error;
    at("report").dataset.nonce = "";
    answer = await request(scan, picture);
  }
  at("report").dataset.nonce = answer.page_nonce ?? at("report").dataset.nonce;
  return answer;
}

async function showWaiting() {
  const count = (await waiting()).length;
  at("waiting").hidden = count === 0;
  at("waiting").textContent = count ? say("scan.waiting", { count }) : "";
}

/** One line for each scan that was answered late: what it was, when, and the verdict or why there is none. */
function showLate({ scan }, verdict, words) {
  const line = document.createElement("li");
  line.dataset.verdict = verdict;
  line.textContent = `${localTime(scan.occurred_at)} · ${scan.raw ?? say("scan.picture-kept")} · ${words}`;
  at("late").prepend(line);
  at("late-part").hidden = false;
}

const passes = (error) => error.reason === "offline" || error.status === 429 || error.status >= 500;

/** Sends what waits, oldest first; stops at the first sign that the node cannot be reached. */
async function upload() {
  if (uploading) return;
  uploading = true;
  try {
    for (const entry of await waiting()) {
      try {
        const { report } = await send(entry.scan, entry.picture, (right) => keep(right, entry.picture));
        showLate(entry, report.verdict, report.headline);
      } catch (error) {
        if (error.reason === undefined) throw error;
        if (passes(error)) return;
        showLate(entry, "", wordsFor(error));
      }
      await forget(entry.id);
    }
  } finally {
    uploading = false;
    await showWaiting();
  }
}

function closeCamera() {
  round += 1;
  camera.stop();
  at("camera").hidden = true;
}

/** One short buzz for a good answer, two for any other; browsers allow it only after the person touched the page. */
function buzz(verdict) {
  if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.(GOOD.has(verdict) ? 60 : [90, 60, 90]);
}

function showAnswer(answer) {
  closeCamera();
  trouble("");
  at("resume").hidden = true;
  at("other").hidden = true;
  at("title").hidden = true;
  at("result").hidden = false;
  const card = showReport(at("report"), answer.report);
  buzz(answer.report.verdict);
  card.focus();
  scrollTo({ top: 0 });
}

/** What a frame's failure means: how long to wait, and what to say. */
function afterMiss(error, gap) {
  if (PLAIN_MISSES.has(error.reason)) {
    hint("scan.looking");
    return FRAME_GAP;
  }
  at("say").textContent = wordsFor(error);
  if (error.reason === "offline" || error.status === 429 || error.status >= 500) {
    return Math.max(error.retryAfter * 1000, Math.min(gap * 2, LONGEST_GAP));
  }
  return FRAME_GAP;
}

/** Sends frames until a label is found, the camera is closed, or two minutes have passed. */
async function look(mine) {
  const until = performance.now() + BATTERY_PATIENCE;
  let gap = FRAME_GAP;
  while (mine === round && performance.now() < until) {
    const sent = performance.now();
    const picture = document.hidden ? null : await camera.frame();
    try {
      const answer = picture && (await send(newScan(place), picture));
      if (mine !== round) return;
      if (answer) {
        showAnswer(answer);
        return;
      }
      gap = FRAME_GAP;
    } catch (error) {
      if (error.reason === undefined) throw error;
      if (mine !== round) return;
      gap = afterMiss(error, gap);
    }
    await wait(Math.max(0, gap - (performance.now() - sent)));
  }
  if (mine === round) pause();
}

function pause() {
  closeCamera();
  trouble(say("scan.paused"));
  at("resume").hidden = false;
}

async function startCamera() {
  const mine = ++round;
  trouble("");
  at("resume").hidden = true;
  at("result").hidden = true;
  at("title").hidden = false;
  at("other").hidden = false;
  if (!Camera.available) {
    at("camera").hidden = true;
    trouble(say("scan.insecure"));
    return;
  }
  at("camera").hidden = false;
  hint("scan.starting");
  try {
    await camera.start();
  } catch (error) {
    closeCamera();
    trouble(say(`scan.${reasonOf(error)}`));
    at("resume").hidden = false;
    return;
  }
  if (mine !== round) {
    camera.stop();
    return;
  }
  hint("scan.looking");
  await look(mine);
}

/** One picture or text given by hand: here every problem is worth a sentence, and no connection is no loss. */
async function checkOnce(scan, picture = null) {
  closeCamera();
  trouble(say("scan.reading"));
  try {
    showAnswer(await send(scan, picture));
  } catch (error) {
    if (error.reason === undefined) throw error;
    const kept = error.reason === "offline" && (await keep(scan, picture));
    trouble(kept ? say("scan.kept-here") : wordsFor(error));
    at("resume").hidden = false;
    await showWaiting();
  }
}

at("again").addEventListener("click", startCamera);
at("resume").addEventListener("click", startCamera);

at("file").addEventListener("change", async (event) => {
  const [file] = event.target.files;
  if (!file) return;
  const scan = newScan(place);
  await checkOnce(scan, await shrunk(file));
  event.target.value = "";
});

at("typed").addEventListener("submit", async (event) => {
  event.preventDefault();
  const raw = at("raw").value.trim();
  await checkOnce({ ...newScan(place), raw });
  at("raw").value = "";
});

at("place").addEventListener("change", async (event) => {
  place = null;
  if (!event.target.checked) return;
  place = await currentPlace();
  if (place !== null) return;
  event.target.checked = false;
  trouble(say("scan.place-missing"));
});

addEventListener("pagehide", closeCamera);
addEventListener("online", upload);
setInterval(upload, QUEUE_GAP);
upload();
startCamera();
