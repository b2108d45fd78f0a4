/** The customs desk: log in with the desk's key, then alerts arrive over one event stream, newest on top. */

import { alertRow, showLedger } from "./alerts.js";
import { ask, post } from "./api.js";
import { language, say } from "./texts.js";

const SHOWN_AT_MOST = 200;
const QUIET_START = 1_500;
const AGAIN = 5_000;

const at = (id) => document.getElementById(id);
let stream = null;
let retry = 0;
let last = 0;
let openedAt = 0;

function line(state) {
  at("line").dataset.state = state;
  at("line").textContent = say(`customs.line-${state}`);
}

function said(key) {
  at("log-in-said").textContent = key ? say(key) : "";
  at("log-in-said").hidden = !key;
}

function rowOf(sequence) {
  return at("alerts").querySelector(`[data-sequence="${Number(sequence)}"]`);
}

function onAlert(event) {
  const alert = JSON.parse(event.data);
  const row = alertRow(alert);
  const known = rowOf(alert.sequence);
  last = Math.max(last, alert.sequence);
  at("none").hidden = true;
  if (known) {
    known.replaceWith(row);
    return;
  }
  at("alerts").prepend(row);
  while (at("alerts").children.length > SHOWN_AT_MOST) at("alerts").lastElementChild.remove();
  if (performance.now() - openedAt > QUIET_START) {
    row.querySelector(".alert").classList.add("new");
    at("spoken").textContent = `${alert.headline}. ${alert.explanation.sentence}`;
  }
}

function onState(event) {
  const change = JSON.parse(event.data);
  const row = rowOf(change.sequence);
  if (row) showLedger(row, change);
}

function close() {
  clearTimeout(retry);
  stream?.close();
  stream = null;
}

function open() {
  close();
  line("opening");
  const resume = last > 0 ? `&after=${last}` : "";
  stream = new EventSource(`/v1/alerts/stream?lang=${language}${resume}`);
  stream.addEventListener("open", () => {
    openedAt = performance.now();
    line("live");
  });
  stream.addEventListener("alert", onAlert);
  stream.addEventListener("alert-state", onState);
  stream.addEventListener("error", onBreak);
}

/** The browser reconnects by itself unless the node refused; then it matters whether the session is over. */
async function onBreak() {
  line("waiting");
  if (stream?.readyState !== EventSource.CLOSED) return;
  close();
  try {
    const session = await ask("/v1/sessions");
    if (!session.desks.includes("customs")) {
      showLogIn("customs.session-over");
      return;
    }
  } catch (error) {
    if (error.reason === undefined) throw error;
  }
  retry = setTimeout(open, AGAIN);
}

function showDesk() {
  at("log-in").hidden = true;
  at("desk").hidden = false;
  open();
}

function showLogIn(key) {
  close();
  last = 0;
  at("alerts").replaceChildren();
  at("none").hidden = false;
  at("desk").hidden = true;
  at("log-in").hidden = false;
  said(key);
  at("key").focus();
}

function whyNot(error) {
  if (error.reason === "offline") return "customs.offline";
  return error.status === 429 ? "customs.too-often" : "customs.wrong-key";
}

at("log-in-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  said("");
  try {
    await post("/v1/sessions", { desk: "customs", key: at("key").value.trim() });
  } catch (error) {
    if (error.reason === undefined) throw error;
    said(whyNot(error));
    return;
  }
  at("key").value = "";
  showDesk();
});

/** Goods that carry no label: what their brand has published about them. */
at("unlabelled-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const query = new URLSearchParams({
    gtin: at("goods-gtin").value.trim(),
    market: at("goods-market").value.trim(),
    made_on: at("goods-made").value,
    lang: language,
  });
  const shown = at("unlabelled-answer");
  const [headline, sentence] = shown.children;
  try {
    const found = await ask(`/v1/expected-label?${query}`);
    shown.dataset.answer = found.answer;
    headline.textContent = found.headline;
    sentence.textContent = found.sentence;
  } catch (error) {
    if (error.reason === undefined) throw error;
    shown.dataset.answer = "";
    headline.textContent = "";
    sentence.textContent = error.reason === "offline" ? say("customs.offline") : say("customs.unlabelled-answerless");
  }
  shown.hidden = false;
});

at("log-out").addEventListener("click", async () => {
  close();
  const failed = await ask("/v1/sessions", { method: "DELETE" }).catch((error) => error);
  showLogIn(failed ? "customs.offline" : "");
});

addEventListener("pagehide", close);
addEventListener("online", () => {
  if (stream === null && !at("desk").hidden) open();
});
addEventListener("pageshow", (event) => {
  if (event.persisted && !at("desk").hidden) open();
});
if (at("desk").dataset.signedIn === "yes") showDesk();
