/** The sentences the server put into the page, and words that depend on language and place. */

const sentences = JSON.parse(document.querySelector("meta[name=page-texts]").content);

export const language = document.documentElement.lang;

/** The sentence under `key` with its {parameters} filled in as text. */
export function say(key, parameters = {}) {
  return sentences[key].replace(/\{([a-z_]+)\}/g, (_, name) => String(parameters[name]));
}

/** The sentence under `key`, or `otherwise` when the page has none. */
export function sayOr(key, otherwise) {
  return Object.hasOwn(sentences, key) ? sentences[key] : otherwise;
}

/** A moment (RFC 3339) in the reader's own time zone; what cannot be read is shown as it came. */
export function localTime(moment) {
  const time = new Date(moment);
  if (Number.isNaN(time.getTime())) return String(moment);
  return new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "medium" }).format(time);
}

/** The name of a country (ISO 3166-1 alpha-2). */
export function countryName(code) {
  if (!/^[A-Z]{2}$/.test(code)) return code;
  return new Intl.DisplayNames([language], { type: "region" }).of(code) ?? code;
}
