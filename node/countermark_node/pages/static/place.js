/** Where the person is, only ever asked for after the person agreed on the page. */

const OPTIONS = { enableHighAccuracy: false, timeout: 10_000, maximumAge: 60_000 };

/** The place as a scan carries it, or null when the device does not tell. */
export function currentPlace() {
  if (!("geolocation" in navigator)) return Promise.resolve(null);
  return new Promise((resolve) => {
    navigator.geolocation.getCurrentPosition(
      ({ coords }) =>
        resolve({
          latitude: coords.latitude,
          longitude: coords.longitude,
          accuracy_metres: Math.ceil(coords.accuracy),
          source: "gnss",
        }),
      () => resolve(null),
      OPTIONS,
    );
  });
}
