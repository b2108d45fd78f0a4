/** Draws one alert from the page's template. */

import { localTime, say, sayOr } from "./texts.js";

function copyOf(template) {
  return document.getElementById(template).content.firstElementChild.cloneNode(true);
}

function put(part, name, text) {
  part.querySelector(`[data-field="${name}"]`).textContent = text;
}

function degreeWords(degrees, positive, negative) {
  return say(degrees < 0 ? negative : positive, { degrees: Math.abs(degrees).toFixed(3) });
}

function placeWords(place) {
  if (!place) return say("customs.no-place");
  return say("customs.where", {
    latitude: degreeWords(place.latitude, "customs.north", "customs.south"),
    longitude: degreeWords(place.longitude, "customs.east", "customs.west"),
    metres: Math.round(place.accuracy_metres),
    source: sayOr(`customs.source-${place.source}`, place.source),
  });
}

function whoWords(sighting) {
  const roles = sighting.roles.map((role) => sayOr(`customs.role-${role}`, role));
  const short = sighting.account ? `${sighting.account.slice(0, 8)}…${sighting.account.slice(-4)}` : "";
  return [roles.join(", "), short].filter(Boolean).join(" · ") || say("customs.nobody");
}

function sightingPart(sighting, title) {
  const part = copyOf("sighting-template");
  put(part, "title", title);
  put(part, "time", localTime(sighting.occurred_at));
  part.querySelector("time").dateTime = sighting.occurred_at;
  put(part, "place", placeWords(sighting.place));
  put(part, "evidence", sayOr(`customs.class-${sighting.evidence_class}`, sighting.evidence_class));
  put(part, "who", whoWords(sighting));
  return part;
}

/** Shows whether the alert's commitment has reached the ledger. */
export function showLedger(row, { state, block, transaction }) {
  const committed = state === "committed";
  row.dataset.commitment = state;
  put(row, "ledger", committed ? say("customs.ledger-committed", { block }) : say("customs.ledger-pending"));
  put(row, "transaction", transaction ?? "");
}

/** The row of one alert. */
export function alertRow(alert) {
  const row = copyOf("alert-template");
  row.dataset.sequence = alert.sequence;
  put(row, "headline", alert.headline);
  put(row, "created", localTime(alert.created_at));
  row.querySelector("time").dateTime = alert.created_at;
  put(row, "explanation", alert.explanation.sentence);
  const product = alert.product;
  put(row, "product", product ? `${product.name} · ${product.brand}` : say("customs.product-unknown"));
  put(row, "item", `(01)${alert.item.gtin}(21)${alert.item.serial}`);
  const titles = [say("customs.first"), say("customs.second")];
  const parts = alert.sightings.map((sighting, place) => sightingPart(sighting, titles[place]));
  row.querySelector("[data-list=sightings]").replaceChildren(...parts);
  const more = row.querySelector("[data-field=more]");
  more.hidden = alert.contradictions < 2;
  more.textContent = say("customs.more", { count: alert.contradictions });
  showLedger(row, alert.commitment);
  return row;
}
