/** Draws a report from the page's own templates. Everything a label or product says goes in as text, never as HTML. */

import { countryName, localTime, say } from "./texts.js";

/** Notices that have their own place in the card. */
const PLACED = new Set(["label-can-be-copied", "data-age"]);

function copyOf(template) {
  return document.getElementById(template).content.firstElementChild.cloneNode(true);
}

function field(part, name) {
  return part.dataset.field === name ? part : part.querySelector(`[data-field="${name}"]`);
}

function fill(part, values) {
  for (const [name, value] of Object.entries(values)) field(part, name).textContent = value ?? "";
}

function fillFact(card, name, value) {
  fill(card, { [name]: value });
  card.querySelector(`[data-fact="${name}"]`).hidden = !value;
}

function ageWords(seconds) {
  if (seconds < 60) return say("report.age-now");
  if (seconds < 3600) return say("report.age-minutes", { minutes: Math.floor(seconds / 60) });
  return say("report.age-hours", { hours: Math.floor(seconds / 3600) });
}

function noticeRow(notice) {
  const row = copyOf("notice-template");
  row.dataset.code = notice.code;
  row.textContent = notice.sentence;
  return row;
}

function checkRow(check) {
  const row = copyOf("check-template");
  row.dataset.check = check.number;
  row.dataset.outcome = check.outcome;
  fill(row, {
    number: check.number,
    name: check.name,
    outcome: say(`outcome.${check.outcome}`),
    sentence: check.sentence,
  });
  return row;
}

function fillNotices(card, notices) {
  const shown = notices.filter((notice) => !PLACED.has(notice.code));
  card.querySelector("[data-list=notices]").replaceChildren(...shown.map(noticeRow));
  card.querySelector("[data-part=notices]").hidden = shown.length === 0;
  const placed = (code) => notices.find((notice) => notice.code === code);
  card.querySelector("[data-part=copied]").hidden = !placed("label-can-be-copied");
  fill(card, { "data-age": placed("data-age")?.sentence });
}

function fillAge(card, asOf) {
  card.querySelector("[data-part=age]").hidden = !asOf;
  if (!asOf) return;
  fill(card, { age: ageWords(asOf.age_seconds), block: asOf.block, time: asOf.time });
  field(card, "time").setAttribute("datetime", asOf.time);
}

/** Replaces times and country codes inside `card` by how the reader's language writes them. */
export function localise(card) {
  const time = field(card, "time");
  if (time.dateTime) time.textContent = localTime(time.dateTime);
  const country = card.querySelector("[data-country]");
  country.textContent = countryName(country.textContent.trim());
}

/** Shows `report` inside `container` and returns its card. */
export function showReport(container, report) {
  const card = copyOf("report-template");
  card.dataset.verdict = report.verdict;
  fill(card, { headline: report.headline, advice: report.advice });
  fillFact(card, "product", report.product?.name);
  fillFact(card, "brand", report.product?.brand);
  fillFact(card, "country", report.product?.country);
  fillFact(card, "gtin", report.item.gtin);
  fillFact(card, "serial", report.item.serial);
  fillFact(card, "lot", report.item.lot);
  fillNotices(card, report.notices);
  fillAge(card, report.as_of);
  card.querySelector("[data-list=checks]").replaceChildren(...report.checks.map(checkRow));
  card.querySelector("[data-part=checks]").open = report.checks.some((check) => check.outcome === "fail");
  localise(card);
  container.replaceChildren(card);
  return card;
}
