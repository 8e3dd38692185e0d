/* What the server says of pictures: title, thumbnail, description, and whether the worker has prepared them. */

export const ASK_AGAIN = 3000; // Milliseconds.
const MOST_QUESTIONS = 100; // Then the worker is not running, and the editor should not keep the login alive.

/* Returns the pictures with these ids as objects; none of those that are gone. Throws if the server does not answer. */
export async function askAbout(address, ids) {
  const response = await fetch(`${address}?pictures=${[...ids].join(",")}`, { headers: { Accept: "application/json" } });
  if (!response.ok || response.redirected) throw new Error(`Pictures: ${response.status}`);
  return (await response.json()).pictures;
}

/* Asks about the pictures that are being prepared, again and again, until there are none. ``waiting`` returns their
   ids, ``tell`` gets the answer. Returns a function that asks soon, if it does not already. */
export function watcher(address, waiting, tell) {
  let timer = 0;
  let left = MOST_QUESTIONS;

  async function ask() {
    timer = 0;
    const ids = new Set(waiting());
    if (!ids.size || left <= 0) return;
    left -= 1;
    try {
      tell(await askAbout(address, ids));
    } catch {
      // The next answer will do.
    }
    watch();
  }

  function watch() {
    if (!timer && [...waiting()].length) timer = setTimeout(ask, ASK_AGAIN);
  }

  return watch;
}
