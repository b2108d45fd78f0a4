/**
 * The verdict page. The server has verified the link already; this notes the visit as one anonymous scan, with the place
 * if the person agrees. Link previews and crawlers run no script, so they leave no scans behind.
 */

import { NONCE_TROUBLES, post } from "./api.js";
import { currentPlace } from "./place.js";
import { localise, showReport } from "./report.js";
import { language, say } from "./texts.js";

const PATIENCE = 60_000;

const shown = document.getElementById("report");
const visit = document.getElementById("visit");
const printed = shown.dataset.printed;
const chip = shown.dataset.chip === "yes";
const memory = `noted ${printed}`;
let noted = false;

function isNoted() {
  try {
    return noted || sessionStorage.getItem(memory) !== null;
  } catch {
    return noted;
  }
}

function markNoted() {
  noted = true;
  try {
    sessionStorage.setItem(memory, "1");
  } catch {
    // A browser that keeps nothing notes the next visit again; that is harmless.
  }
}

function tell(key) {
  document.getElementById("visit-ask").hidden = true;
  const said = document.getElementById("visit-said");
  said.textContent = say(key);
  said.hidden = false;
}

/** With the page's nonce; without it when the network changed meanwhile, or another tab was faster. */
async function send(scan) {
  const path = `/v1/scans?lang=${language}`;
  try {
    return await post(path, { ...scan, page_nonce: shown.dataset.nonce }, { keepalive: true });
  } catch (error) {
    if (!NONCE_TROUBLES.has(error.reason)) throw error;
    return post(path, scan, { keepalive: true });
  }
}

async function note(place) {
  if (isNoted()) return;
  markNoted();
  try {
    const answer = await send({ raw: printed, place });
    tell(place ? "visit.with-place" : "visit.without-place");
    if (chip || answer.report.verdict !== shown.querySelector(".report").dataset.verdict) showReport(shown, answer.report);
  } catch {
    tell("visit.failed");
  }
}

function withBoth(disabled) {
  for (const id of ["visit-yes", "visit-no"]) document.getElementById(id).disabled = disabled;
}

function offer() {
  visit.hidden = false;
  document.getElementById("visit-no").addEventListener("click", () => note(null));
  document.getElementById("visit-yes").addEventListener("click", async () => {
    withBoth(true);
    await note(await currentPlace());
  });
  setTimeout(() => note(null), PATIENCE);
  addEventListener("pagehide", () => note(null));
}

localise(shown.querySelector(".report"));
// A chip's answer counts once and soon: it is sent at once, without a place, and not again when the page is reloaded.
if (!isNoted() && chip) {
  visit.hidden = false;
  document.getElementById("visit-ask").hidden = true;
  note(null);
} else if (!isNoted()) offer();
