/** A one-time link: the code behind the # becomes a session, once, and is gone from the address at once. */

import { ask, post } from "./api.js";
import { language, say } from "./texts.js";

const code = window.location.hash.slice(1);
const said = document.getElementById("desk-said");

function tell(key) {
  said.textContent = say(key);
  said.dataset.state = key;
}

async function open() {
  window.history.replaceState(null, "", `/desk?lang=${language}`);
  try {
    if (!code) throw new Error("no code");
    await post("/v1/sessions", { link: code });
    const { desks } = await ask("/v1/sessions");
    if (desks.includes("customs")) window.location.replace(`/customs?lang=${language}`);
    else tell("desk.opened");
  } catch (trouble) {
    if (trouble.reason === "offline") tell("desk.offline");
    else tell("desk.refused");
  }
}

open();
