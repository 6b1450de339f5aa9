"use strict";
// The page: it shows, and asks the bridge that preload.js gives it.

const SIGNALS = [
  ["audio", "Sound"],
  ["timecode", "Timecode"],
  ["ltc", "Timecode on a sound track"],
  ["motion", "Motion sensors"],
  ["gps", "GPS"],
  ["flash", "Flashes"],
  ["picture", "Moving pictures"],
  ["shake", "Camera shake"],
];

const page = Object.fromEntries(
  [...document.querySelectorAll("[id]")].map((element) => [element.id, element]),
);
let paths = [];
let session = null;

function cell(row, text, kind) {
  const made = row.insertCell();
  made.textContent = text;
  if (kind) made.className = kind;
  return made;
}

function say(sentence, details, good) {
  page.message.textContent = [sentence, ...(details || [])].join("\n");
  page.message.className = good ? "" : "bad";
}

function busy(is) {
  page.cancel.hidden = !is;
  page.bar.hidden = !is;
  for (const one of [page.sync, page.apply, page.read]) one.disabled = is;
  if (!is) {
    page.state.textContent = "";
    page.sync.disabled = paths.length < 2;
  }
}

function showProgress(progress) {
  page.state.textContent = progress.text;
  if (progress.of > 0) {
    page.bar.max = progress.of;
    page.bar.value = progress.done;
  } else {
    page.bar.removeAttribute("value");
  }
}

function showSignals() {
  for (const [name, words] of SIGNALS) {
    const label = document.createElement("label");
    const box = document.createElement("input");
    box.type = "checkbox";
    box.name = name;
    box.checked = true;
    label.append(box, words);
    page.signals.append(label);
  }
}

function showClips(found) {
  paths = found.clips.map((clip) => clip.path);
  page.origin.textContent = `${found.clips.length} clips, from the ${found.origin}`;
  page.clips.replaceChildren(
    ...found.clips.map((clip) => {
      const item = document.createElement("li");
      for (const text of [clip.name, clip.duration]) {
        const part = document.createElement("span");
        part.textContent = text;
        item.append(part);
      }
      item.title = clip.path;
      return item;
    }),
  );
  page.skipped.hidden = found.skipped.length === 0;
  page.skipped.textContent = found.skipped.join("\n");
  page.sync.disabled = paths.length < 2;
}

function showRows(rows) {
  page.rows.replaceChildren();
  for (const one of rows) {
    const row = page.rows.insertRow();
    row.className = one.kind;
    if (one.kind === "group") {
      cell(row, one.title).colSpan = 6;
      continue;
    }
    cell(row, one.clip);
    cell(row, one.device);
    cell(row, one.word, one.status);
    if (one.kind === "unplaced") {
      cell(row, one.reason, "reason").colSpan = 3;
      continue;
    }
    cell(row, one.starts);
    cell(row, one.drift);
    cell(row, one.sure);
  }
  page.result.hidden = rows.length === 0;
}

/** Does one thing at a time, and shows what went wrong in words. */
async function during(work) {
  busy(true);
  say("", [], true);
  try {
    await work();
  } catch (error) {
    // Electron puts its own words before those of an error of the other process.
    const words = String(error.message || error).replace(/^.*Error: /s, "");
    say(words, [], false);
  } finally {
    busy(false);
  }
}

function readSelection() {
  return during(async () => showClips(await window.clapless.clips()));
}

function sync() {
  return during(async () => {
    const chosen = [...page.signals.querySelectorAll("input:checked")].map((box) => box.name);
    if (chosen.length === 0) throw new Error("Choose at least one thing to go by.");
    const signals = chosen.length < SIGNALS.length ? chosen : null;
    const done = await window.clapless.sync({ paths, signals });
    if (done.session) {
      session = done.path;
      showRows(rowsOf(done.session));
    }
    say(done.sentence, done.details, done.ok);
  });
}

function apply() {
  return during(async () => {
    const done = await window.clapless.apply({ session, multicam: page.multicam.checked });
    say(done.sentence, done.details, done.ok);
  });
}

showSignals();
page.read.addEventListener("click", readSelection);
page.sync.addEventListener("click", sync);
page.apply.addEventListener("click", apply);
page.cancel.addEventListener("click", () => window.clapless.cancel());
window.clapless.onProgress(showProgress);
readSelection();
