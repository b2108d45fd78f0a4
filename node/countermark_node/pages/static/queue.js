/**
 * Scans that wait on this device for a connection. Each keeps its id and the time when it was made, so sending it twice
 * notes it once, in whatever order they arrive.
 */

const MOST_SCANS = 500;
const MOST_PICTURES = 50;
const STORE = "scans";

function finished(request) {
  return new Promise((resolve, reject) => {
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(request.error));
  });
}

async function store(mode, work) {
  const opening = indexedDB.open("countermark-scans", 1);
  opening.addEventListener("upgradeneeded", () => opening.result.createObjectStore(STORE, { keyPath: "id" }));
  const database = await finished(opening);
  try {
    return await finished(work(database.transaction(STORE, mode).objectStore(STORE)));
  } finally {
    database.close();
  }
}

/** 128 random bits and the present time: what makes a scan the same scan however often it is sent. */
export function newScan(place) {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const id = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return { id, occurred_at: new Date().toISOString(), place };
}

/** All that wait, oldest first; none where the browser keeps nothing. */
export async function waiting() {
  try {
    const found = await store("readonly", (scans) => scans.getAll());
    return found.sort((one, other) => one.scan.occurred_at.localeCompare(other.scan.occurred_at));
  } catch {
    return [];
  }
}

/** Keeps a scan, with its picture or its text in `scan.raw`. False when there is no room or the browser keeps nothing. */
export async function keep(scan, picture = null) {
  const kept = await waiting();
  const pictures = kept.filter((entry) => entry.picture).length;
  if (kept.length >= MOST_SCANS || (picture && pictures >= MOST_PICTURES)) return false;
  try {
    await store("readwrite", (scans) => scans.put({ id: scan.id, scan, picture }));
    return true;
  } catch {
    return false;
  }
}

/** A scan was answered. */
export async function forget(id) {
  try {
    await store("readwrite", (scans) => scans.delete(id));
  } catch {
    // It is sent once more later and answered the same.
  }
}
