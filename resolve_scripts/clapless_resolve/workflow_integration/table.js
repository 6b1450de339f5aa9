"use strict";
// A session document as rows of a table; the page and the tests load it alike.

/** Returns the number behind a fraction string such as "30000/1001", 0 where there is none. */
function fraction(text) {
  if (text === null || text === undefined || text === "") return 0;
  const [over, under] = String(text).split("/").map(Number);
  return under === undefined ? over : over / under;
}

/**
 * Returns seconds as a timecode of the rate, with a sign where it is before the start. At 29.97 and
 * 59.94 frame numbers are dropped, so that it stays with the clock: two (four) numbers a minute,
 * but not in every tenth.
 */
function timecode(seconds, rate) {
  const nominal = Math.round(rate);
  const drops = nominal % 30 === 0 && rate < nominal - 0.01;
  const sign = seconds < 0 ? "-" : "";
  let frame = Math.round(Math.abs(seconds) * rate);
  if (drops) {
    const gap = nominal / 15;
    const minute = nominal * 60 - gap;
    const tenth = minute * 10 + gap;
    const within = frame % tenth;
    const minutes = within < minute + gap ? 0 : Math.floor((within - gap) / minute);
    frame += gap * (9 * Math.floor(frame / tenth) + minutes);
  }
  const total = Math.floor(frame / nominal);
  const two = (value) => String(value).padStart(2, "0");
  const [h, m, s] = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60];
  return `${sign}${two(h)}:${two(m)}:${two(s)}${drops ? ";" : ":"}${two(frame % nominal)}`;
}

/** Returns a drift in parts per million as frames an hour, in words. */
function driftWords(ppm, rate) {
  const frames = ppm * 1e-6 * 3600 * rate;
  if (Math.abs(frames) < 0.05) return "none";
  return `${frames > 0 ? "+" : "\u2212"}${Math.abs(frames).toFixed(1)} frames/h`;
}

const WORDS = { synced: "synced", check: "check", manual: "by hand" };

/**
 * Returns the rows of a session: {kind: "group" | "placed" | "unplaced", ...texts}.
 * Offsets count in the reference's frames, or 25 where nothing has a picture.
 */
function rowsOf(session) {
  const clips = new Map(session.clips.map((clip) => [clip.id, clip]));
  const rows = [];
  session.groups.forEach((group, index) => {
    const reference = clips.get(group.reference);
    const pictured = group.placements.map((one) => clips.get(one.clip));
    const rates = [reference, ...pictured].map((clip) => fraction(clip && clip.frame_rate));
    const rate = rates.find((one) => one > 0) || 25;
    if (session.groups.length > 1) {
      rows.push({ kind: "group", title: `Group ${index + 1}: ${group.placements.length} clips` });
    }
    const inOrder = [...group.placements].sort((a, b) => a.offset_s - b.offset_s);
    const first = inOrder.length ? inOrder[0].offset_s : 0;
    for (const placement of inOrder) {
      const clip = clips.get(placement.clip);
      const isReference = placement.clip === group.reference;
      rows.push({
        kind: "placed",
        status: placement.status === "check" ? "check" : "synced",
        word: isReference ? "reference" : WORDS[placement.status] || placement.status,
        clip: clip.name,
        device: clip.device || "",
        starts: timecode(placement.offset_s - first, rate),
        drift: isReference ? "" : driftWords(placement.drift_ppm, rate),
        sure: isReference ? "" : `${(100 * placement.confidence).toFixed(1)} %`,
      });
    }
  });
  for (const one of session.unplaced) {
    const clip = clips.get(one.clip);
    rows.push({
      kind: "unplaced",
      status: "unsynced",
      word: "not synced",
      clip: clip.name,
      device: clip.device || "",
      reason: one.reason,
    });
  }
  return rows;
}

if (typeof module !== "undefined") module.exports = { driftWords, fraction, rowsOf, timecode };
