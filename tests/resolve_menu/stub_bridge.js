"use strict";
// In place of preload.js, where the panel is looked at without Resolve: the same names, answers of
// a small shoot, and a person who reads, syncs and makes a timeline.

const CLIPS = [
  ["A001_C001.mov", "00:12:04:10"],
  ["A001_C002.mov", "00:03:51:02"],
  ["B002_C0007.mp4", "00:18:20:00"],
  ["ZOOM0001.WAV", "00:31:07:12"],
  ["GX010042.MP4", "00:01:12:00"],
];

let take = () => {};
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const asked = [];
const last = new URLSearchParams(window.location.search).get("until") || "apply";
const stops = last === "progress";

window.clapless = {
  onProgress: (given) => (take = given),
  cancel: async () => asked.push("cancel"),
  clips: async () => ({
    origin: "Media Pool selection",
    clips: CLIPS.map(([name, duration]) => ({ name, duration, path: `/Cards/<b>${name}` })),
    skipped: ["Interview comp is no file (a timeline or compound clip) and was left out."],
  }),
  sync: async (wanted) => {
    asked.push(JSON.stringify(wanted.signals));
    for (let done = 1; done <= 3; done++) {
      take({ text: `comparing sound, pair ${done} of 3`, done, of: 3 });
      await pause(stops ? 1e6 : 20);
    }
    return {
      ok: true,
      sentence: "3 of 5 clips are synced, 1 to be checked, 1 not synced.",
      path: "/tmp/session.json",
      session: SESSION,
    };
  },
  apply: async (wanted) => {
    asked.push(JSON.stringify(wanted));
    take({ text: "placing clips", done: 0, of: 0 });
    await pause(20);
    return {
      ok: true,
      sentence: "3 of 5 clips are synced; 1 should be checked (yellow). Timeline: \u201cSync\u201d.",
      details: ["GX010042.MP4 lies after the last group, in orange: no sound in common."],
    };
  },
};

const clip = (id, name, device, rate) => ({ id, name, device, frame_rate: rate });
const placed = (id, offset, drift, status, confidence) => ({
  clip: id,
  offset_s: offset,
  drift_ppm: drift,
  status,
  confidence,
});
const SESSION = {
  clips: [
    clip("c1", "A001_C001.mov", "A", "30000/1001"),
    clip("c2", "A001_C002.mov", "A", "30000/1001"),
    clip("c3", "B002_C0007.mp4", "B", "25"),
    clip("c4", "ZOOM0001.WAV", "Zoom", null),
    clip("c5", "GX010042.MP4", "GoPro", "60000/1001"),
  ],
  groups: [
    {
      id: "g1",
      reference: "c4",
      placements: [
        placed("c4", 0, 0, "synced", 1),
        placed("c1", 61.254, 3.1, "synced", 0.998),
        placed("c2", 1020.5, 3.1, "synced", 0.993),
        placed("c3", 44.02, -18.6, "check", 0.71),
      ],
    },
  ],
  unplaced: [{ clip: "c5", code: "no_match", reason: "no sound in common with any other clip" }],
};

/** Does what a person does, one after the other; the page says at the end what was asked of it. */
window.addEventListener("load", async () => {
  const idle = async () => {
    while (!document.getElementById("cancel").hidden) await pause(5);
  };
  await pause(20);
  await idle();
  for (const id of ["sync", "apply"]) {
    document.getElementById(id).click();
    await pause(5);
    if (id === "sync" && last === "progress") break;
    await idle();
    if (id === last) break;
  }
  document.body.dataset.asked = asked.join(" ");
  document.body.dataset.over = "yes";
});
