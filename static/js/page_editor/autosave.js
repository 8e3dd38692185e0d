/* The draft saves itself: 3 seconds after the last change the whole form is sent, as the Save button would send it.

   One request at a time. Until the server has answered a request, the same one is repeated: the server recognizes it by
   the version and the sitting (one opened editor), so that a lost answer doubles nothing. */
import { ask, closeDialog } from "page-editor/dialogs";
import { byId, form, goTo } from "page-editor/form";
import { markSent, offeredCopy, removeCopy, removeOffer, removeOldCopies, wordsOf, writeCopy } from "page-editor/local_copy";
import { blocksNow, numberForms, settle } from "page-editor/saved_blocks";

const WAIT = 3_000; // after the last change
const LONGEST_WAIT = 30_000; // while someone types without a pause
const LOOK = 300;
const HEARTBEAT = 60_000;
const PRESENCE = 130_000; // names of others are forgotten without news
const RETRIES = [5_000, 10_000, 20_000, 40_000, 60_000];
const TIMEOUT = 60_000;
const TRANSIENT = new Set(["csrfmiddlewaretoken", "opened_at", "sitting"]);

let start; // what the server says of this editor
let savedWords; // the form as it was last saved
let seenWords; // the form as it was last looked at
let attempt = null; // what was sent and has not been answered yet
let running = null; // the promise of the request on its way
let obstacle = ""; // why nothing is sent for now: "conflict", "login", "user"
let isLeaving = false;
let hadInput = false;
let changedAt = 0; // of the first change that is not saved
let failures = 0;
let saveTimer, lookTimer, retryTimer, othersTimer;

function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16)); // randomUUID() is missing on http.
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

const field = (name) => form().querySelector(`[name="${name}"]`);

/* What the form sends, without files: those are sent once, with the Save button. */
function entriesNow() {
  numberForms();
  return [...new FormData(form())].filter(([name, value]) => typeof value === "string" && name !== "csrfmiddlewaretoken");
}

const wordsNow = () => JSON.stringify(entriesNow().filter(([name]) => !TRANSIENT.has(name)));
const isDirty = () => wordsNow() !== savedWords;

/* The bar */

const part = (name) => document.querySelector(`.page-saved__${name}`);

function tell(text, action = "", onAction = null) {
  const status = part("status");
  if (!status) return;
  if (status.textContent !== text) status.textContent = text;
  const button = part("action");
  button.hidden = !action;
  button.textContent = action;
  button.onclick = onAction;
}

function showPending(isPending) {
  const pending = part("pending");
  if (!pending) return;
  pending.hidden = !isPending;
  part("status").classList.toggle("visually-hidden", isPending);
}

function showOthers(names) {
  const place = part("others");
  if (!place) return;
  const all = names.length > 1 ? `${names.slice(0, -1).join(", ")} and ${names.at(-1)}` : names[0];
  const text = names.length ? `${all} ${names.length > 1 ? "are" : "is"} editing this page too.` : "";
  if (place.textContent !== text) place.textContent = text;
  clearTimeout(othersTimer);
  if (names.length) othersTimer = setTimeout(() => showOthers([]), PRESENCE);
}

/* Changes */

function look() {
  lookTimer = null;
  const words = wordsNow();
  if (words === seenWords) return;
  seenWords = words;
  hadInput = true;
  clearTimeout(saveTimer);
  if (words === savedWords) {
    changedAt = 0;
    removeCopy(start.user);
    showPending(false);
    return;
  }
  writeCopy(start.user, field("sitting").value, entriesNow());
  changedAt ||= Date.now();
  if (obstacle) return;
  showPending(true);
  saveTimer = setTimeout(save, Math.max(0, Math.min(WAIT, changedAt + LONGEST_WAIT - Date.now())));
}

function lookSoon() {
  lookTimer ??= setTimeout(look, LOOK);
}

/* Saving */

export function save() {
  clearTimeout(saveTimer);
  clearTimeout(retryTimer);
  running ??= sendOnce().finally(() => {
    running = null;
  });
  return running;
}

async function sendOnce() {
  if (obstacle) return "paused";
  if (!attempt) {
    const entries = entriesNow();
    attempt = { entries: [...entries, ["_autosave", start.user]], blocks: blocksNow(), words: wordsNow() };
  }
  const body = new URLSearchParams(attempt.entries);
  body.set("csrfmiddlewaretoken", field("csrfmiddlewaretoken").value);
  const { response, answer } = await request(location.pathname, { method: "POST", body });
  if (!response) return failed("no connection");
  if (!answer) return notAnswered();
  failures = 0;
  if (response.ok) return saved(answer);
  attempt = null;
  showPending(false);
  if (response.status === 409) {
    settleConflict(answer);
    return "paused";
  }
  tellProblems(answer.problems ?? []);
  return "invalid";
}

async function request(address, options = {}) {
  try {
    const response = await fetch(address, { ...options, signal: AbortSignal.timeout(TIMEOUT) });
    const isJson = !response.redirected && response.headers.get("Content-Type")?.startsWith("application/json");
    return { response, answer: isJson ? await response.json() : null };
  } catch {
    return {};
  }
}

function saved(answer) {
  const { blocks, words } = attempt;
  attempt = null;
  const hasChanged = wordsNow() !== words;
  settle(blocks, answer.ids);
  field("opened_at").value = answer.version;
  changedAt = 0;
  tell(`Saved ${answer.saved_at} by itself`);
  showOthers(answer.others);
  if (hasChanged) {
    savedWords = words;
    seenWords = "";
    look();
  } else {
    savedWords = seenWords = wordsNow();
    showPending(false);
    removeCopy(start.user);
  }
  document.dispatchEvent(new CustomEvent("page-editor:saved", { detail: answer }));
  return "saved";
}

function failed(reason) {
  const wait = RETRIES[Math.min(failures, RETRIES.length - 1)];
  failures += 1;
  showPending(false);
  tell(`Not saved yet: ${reason}. We'll keep trying.`);
  retryTimer = setTimeout(save, wait);
  return "failed";
}

function tellProblems([first, ...others]) {
  if (!first) return tell("Not saved yet.");
  const more = others.length ? ` (and ${others.length} more)` : "";
  return tell(`Not saved yet. ${first.label}: ${first.message}${more}`, "Go there", () => goTo(first.target));
}

/* Save everything before the form leaves. Returns the outcome of the last request. */
async function flush() {
  let outcome = "saved";
  for (let turn = 0; turn < 5 && (running || isDirty()); turn += 1) {
    showPending(true);
    outcome = await save();
    if (outcome !== "saved") break;
  }
  return outcome;
}

async function submitAfterSaving(event) {
  if (isLeaving) return;
  if (!running && !isDirty()) {
    isLeaving = true;
    return;
  }
  event.preventDefault();
  const { submitter } = event;
  const outcome = await flush();
  // The server shows what is wrong, with links to it. Without a connection, leaving would lose the words.
  if (outcome !== "saved" && outcome !== "invalid") return;
  isLeaving = true;
  form().requestSubmit(submitter);
}

/* Edit conflicts */

async function settleConflict(conflict) {
  obstacle = "conflict";
  const title = conflict.is_own ? "This page was changed in another tab" : `${conflict.who} changed this page too`;
  tell(`Not saved: ${conflict.is_own ? "changed in another tab" : `${conflict.who} changed this page`}.`, "Decide", () =>
    settleConflict(conflict),
  );
  const choice = await ask({
    title,
    text: [
      `${conflict.who} saved this draft on ${conflict.when}, after you opened it. Your words are still here, and aren't saved yet.`,
      "If you save yours over it, blocks that were added stay, and the other version can be restored from the history.",
    ],
    actions: [
      { label: "See what has changed", address: conflict.compare },
      { label: "Save my words over it", value: "mine", isMain: true },
      { label: "Take the other version", value: "theirs" },
    ],
  });
  if (choice === "mine") saveOver(conflict.version);
  if (choice === "theirs") {
    writeCopy(start.user, field("sitting").value, entriesNow());
    isLeaving = true;
    location.assign(location.pathname);
  }
}

/* As a sitting of its own, so that the history keeps the other version. */
function saveOver(version) {
  numberForms();
  field("opened_at").value = version;
  field("sitting").value = uuid();
  writeCopy(start.user, field("sitting").value, entriesNow());
  isLeaving = true;
  submitTo(form(), "_continue");
}

function submitTo(target, name) {
  const input = document.createElement("input");
  input.type = "hidden";
  input.name = name;
  input.value = "1";
  target.append(input);
  target.submit();
}

/* Logged out */

async function notAnswered() {
  const state = await loginState();
  if (state === "out") {
    askToLogIn();
    return "paused";
  }
  if (state === "other") return "paused";
  if (state === "refused") return failed("you can't change this page any more");
  if (state === "same" && failures === 0) {
    failures = 1;
    return sendOnce(); // With a new token.
  }
  return failed(state === "unknown" ? "no connection" : "something went wrong");
}

/* Find out who is logged in, and take over the token for the next request. */
async function loginState() {
  const { response, answer } = await request(start.addresses.loginState);
  if (!response) return "unknown";
  if (!answer) return response.redirected ? "out" : "refused";
  if (!answer.mayChange) return "refused";
  for (const input of document.querySelectorAll("[name=csrfmiddlewaretoken]")) input.value = answer.token;
  if (answer.user === start.user) return "same";
  askWhoseWords(answer);
  return "other";
}

async function askToLogIn(isStillOut = false) {
  obstacle = "login";
  showPending(false);
  const { login, loggedIn } = start.addresses;
  const address = `${login}?next=${encodeURIComponent(loggedIn)}`;
  tell("Not saved: you've been logged out.", "Log in again", () => askToLogIn());
  const choice = await ask({
    title: "You've been logged out",
    text: `${isStillOut ? "You're still logged out. " : ""}Log in again in a new tab, then come back. Your words are here.`,
    actions: [
      { label: "Log in again", address, isMain: true },
      { label: "I'm logged in", value: "again" },
    ],
  });
  if (choice === "again" && (await resumeIfLoggedIn()) === "out") askToLogIn(true);
}

async function resumeIfLoggedIn() {
  const state = await loginState();
  if (state === "same") resume();
  return state;
}

function resume() {
  obstacle = "";
  closeDialog();
  tell("");
  return save();
}

async function askWhoseWords({ user, name }) {
  obstacle = "user";
  closeDialog();
  showPending(false);
  tell(`Not saved: you're logged in as ${name} now.`, "Decide", () => askWhoseWords({ user, name }));
  const choice = await ask({
    title: `You're logged in as ${name} now`,
    text: `These words were typed under another login. Do you want to save them as ${name}?`,
    actions: [
      { label: `Save as ${name}`, value: "save", isMain: true },
      { label: "Don't save", value: "" },
    ],
  });
  if (choice !== "save") return;
  removeCopy(start.user);
  start.user = user;
  field("sitting").value = uuid();
  attempt = null;
  resume();
}

/* Words of an earlier sitting */

function timeOf(milliseconds) {
  const at = new Date(milliseconds);
  const clock = `${at.getHours() % 12 || 12}:${String(at.getMinutes()).padStart(2, "0")} ${at.getHours() < 12 ? "a.m." : "p.m."}`;
  const isToday = at.toDateString() === new Date().toDateString();
  return isToday ? clock : `${at.toLocaleDateString("en-CA", { month: "short", day: "numeric" })}, ${clock}`;
}

function offerWords() {
  const copy = offeredCopy(start.user);
  if (!copy) return;
  const isBack = start.isUnsaved || (copy.isSent && copy.sitting === start.lastSitting);
  if (isBack || wordsOf(copy.entries) === wordsOf(entriesNow())) {
    removeOffer(start.user);
    return;
  }
  const banner = document.createElement("section");
  banner.className = "editor-banner";
  banner.setAttribute("aria-label", "Words that weren't saved");
  const text = document.createElement("p");
  text.textContent = `Words from ${timeOf(copy.at)} weren't saved.`;
  banner.append(text);
  const decide = (label, action) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button editor-button";
    button.textContent = label;
    button.addEventListener("click", action);
    banner.append(button);
  };
  decide("Put them back", () => putBack(copy));
  decide("Discard", () => {
    removeOffer(start.user);
    banner.remove();
  });
  document.querySelector(".page-editor").before(banner);
}

/* The server puts the words back into the form, as after a save that is refused: it knows blocks, rows and order. */
function putBack(copy) {
  const sender = document.createElement("form");
  sender.method = "post";
  sender.action = location.pathname;
  sender.hidden = true;
  for (const [name, value] of [...copy.entries, ["csrfmiddlewaretoken", field("csrfmiddlewaretoken").value]]) {
    const input = document.createElement("textarea");
    input.name = name;
    input.value = value;
    sender.append(input);
  }
  document.body.append(sender);
  markSent(start.user);
  isLeaving = true;
  submitTo(sender, "_continue");
}

/* Beginning */

async function beat() {
  if (!hadInput || obstacle) return;
  hadInput = false;
  const body = new URLSearchParams({
    sitting: field("sitting").value,
    csrfmiddlewaretoken: field("csrfmiddlewaretoken").value,
  });
  const { response, answer } = await request(start.addresses.heartbeat, { method: "POST", body });
  if (answer?.others) showOthers(answer.others);
  else if (response && (await loginState()) === "out") askToLogIn();
}

function addSitting() {
  const input = document.createElement("input");
  input.type = "hidden";
  input.name = "sitting";
  input.value = uuid();
  form().append(input);
}

export function beginAutosave() {
  start = JSON.parse(byId("page-editor-state")?.textContent ?? "null");
  if (!start) return;
  addSitting();
  removeOldCopies(start.user);
  offerWords();
  savedWords = start.isUnsaved ? "" : wordsNow();
  seenWords = savedWords;
  showOthers(start.others);
  for (const type of ["input", "click", "drop", "keyup"]) form().addEventListener(type, lookSoon);
  document.addEventListener("page-editor:changed", lookSoon);
  document.addEventListener("formset:added", numberForms);
  form().addEventListener("submit", submitAfterSaving);
  addEventListener("beforeunload", (event) => {
    if (!isLeaving && (running || isDirty())) event.preventDefault();
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted) isLeaving = false;
  });
  addEventListener("online", () => failures && save());
  const comeBack = () => obstacle === "login" && document.visibilityState === "visible" && resumeIfLoggedIn();
  addEventListener("focus", comeBack);
  document.addEventListener("visibilitychange", () => {
    comeBack();
    if (document.visibilityState === "hidden" && !isLeaving && !obstacle && isDirty()) save();
  });
  setInterval(beat, HEARTBEAT);
  if (start.conflict) settleConflict(start.conflict);
  else if (start.isUnsaved) look();
}
