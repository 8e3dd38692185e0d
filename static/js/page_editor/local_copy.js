/* A copy of the unsaved form in this browser, so that a crash between two saves loses nothing.
   It is only offered to who typed it. Every access may fail: storage can be full or forbidden. */

const PREFIX = "page-editor:";
const DAY = 24 * 60 * 60 * 1000;
const OWN_DAYS = 30;
const OTHER_DAYS = 1;

const keyOf = (user) => `${PREFIX}${user}:${location.pathname}`;
const offerOf = (user) => `${keyOf(user)}#offer`;

function attempt(action) {
  try {
    return action(window.localStorage);
  } catch {
    return null;
  }
}

export function writeCopy(user, sitting, entries) {
  const copy = { at: Date.now(), sitting, entries };
  attempt((storage) => storage.setItem(keyOf(user), JSON.stringify(copy)));
}

export function removeCopy(user) {
  attempt((storage) => storage.removeItem(keyOf(user)));
}

/* Words that an earlier page of this editor left behind. They are kept apart, so that new ones do not replace them. */
export function offeredCopy(user) {
  const copy = attempt((storage) => {
    const left = storage.getItem(keyOf(user));
    if (left) {
      storage.setItem(offerOf(user), left);
      storage.removeItem(keyOf(user));
    }
    return JSON.parse(storage.getItem(offerOf(user)));
  });
  return Array.isArray(copy?.entries) ? copy : null;
}

export function removeOffer(user) {
  attempt((storage) => storage.removeItem(offerOf(user)));
}

/* They are on their way to the server. */
export function markSent(user) {
  attempt((storage) => {
    const copy = JSON.parse(storage.getItem(offerOf(user)));
    storage.setItem(offerOf(user), JSON.stringify({ ...copy, isSent: true }));
  });
}

/* Own copies go after a month. Other people's, on a computer that is shared, after a day. */
export function removeOldCopies(user) {
  attempt((storage) => {
    for (const key of Object.keys(storage).filter((name) => name.startsWith(PREFIX))) {
      const days = key.startsWith(`${PREFIX}${user}:`) ? OWN_DAYS : OTHER_DAYS;
      const at = attempt(() => JSON.parse(storage.getItem(key)).at) ?? 0;
      if (Date.now() - at > days * DAY) storage.removeItem(key);
    }
  });
}

/* What the form says, without how it is numbered: to compare a copy with a form that came from the server. */
export function wordsOf(entries) {
  const blocks = new Map();
  const page = [];
  for (const [name, value] of entries) {
    const [, block, field] = name.match(/^(content_[a-z]+_set-\d+)-(.+)$/) ?? [];
    if (/_FORMS$|^_|^opened_at$|^sitting$|^csrfmiddlewaretoken$/.test(name)) continue;
    if (!block) page.push([name, value.trim()]);
    else if (field !== "id" && field !== "parent") blocks.set(block, [...(blocks.get(block) ?? []), [field, value]]);
  }
  const kept = [...blocks].filter(([, fields]) => !fields.some(([field, value]) => field === "DELETE" && value));
  const texts = kept.map(([block, fields]) => JSON.stringify([block.replace(/-\d+$/, ""), wordsOfFields(fields)]));
  return JSON.stringify([page.sort(), texts.sort()]);
}

/* Cells of rows by their position, without rows that are empty or go. */
function wordsOfFields(fields) {
  const words = [];
  const rows = new Map();
  for (const [field, value] of fields) {
    const [, row, cell] = field.match(/^(.+-\d+)-([a-z_]+)$/) ?? [];
    if (!row) {
      if (!field.endsWith("-total")) words.push([field, value.trim()]);
    } else {
      rows.set(row, { ...rows.get(row), [cell]: value.trim() });
    }
  }
  const kept = [...rows].filter(([, { position, delete: isGone, ...cells }]) => !isGone && Object.values(cells).some(Boolean));
  const place = ({ position }) => Number.parseFloat((position ?? "").replace(",", ".")) || Infinity;
  kept.sort(([, a], [, b]) => place(a) - place(b) || 0);
  words.push(...kept.map(([name, { position, ...cells }]) => [name.replace(/-\d+$/, ""), JSON.stringify(cells)]));
  return words;
}
