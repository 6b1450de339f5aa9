"use strict";
// What the panel lists: the selected clips, read through Resolve's scripting objects.

/** Returns the clips of the Media Pool's selection, else of the open bin, and what was left out. */
async function selection(resolve) {
  const manager = await needed(resolve.GetProjectManager(), "Resolve shows no project manager.");
  const project = await needed(manager.GetCurrentProject(), "Open a project in Resolve first.");
  const pool = await needed(project.GetMediaPool(), "Resolve shows no Media Pool.");
  // Reading the selection came with 19.0.2.
  const chosen = typeof pool.GetSelectedClips === "function" ? await pool.GetSelectedClips() : null;
  let origin = "Media Pool selection";
  let items = list(chosen);
  if (items.length === 0) {
    const bin = await needed(pool.GetCurrentFolder(), "Resolve shows no open bin.");
    origin = "open bin";
    items = list(await bin.GetClipList());
  }
  const clips = [];
  const skipped = [];
  for (const item of items) {
    const facts = (await item.GetClipProperty()) || {};
    const name = facts["Clip Name"] || facts["File Name"] || "A clip";
    // Values are in the user's language, keys are not.
    const isSound = !facts["Video Codec"];
    if (!facts["File Path"]) {
      skipped.push(`${name} is no file (a timeline or compound clip) and was left out.`);
    } else if (isSound && !Number(facts["Audio Ch"])) {
      skipped.push(`${name} has neither picture nor sound and was left out.`);
    } else {
      clips.push({ name, path: facts["File Path"], duration: facts.Duration || "" });
    }
  }
  return { origin, clips, skipped };
}

async function needed(value, sentence) {
  const got = await value;
  if (got === null || got === undefined) {
    throw new Error(`${sentence} Close any dialog that is open in it.`);
  }
  return got;
}

/** Returns a list of Resolve's as an array; some versions number it from 1 in an object. */
function list(value) {
  if (!value) return [];
  return Array.isArray(value) ? value : Object.values(value);
}

/** Returns how a sync went, in one sentence. */
function describe(session) {
  const placed = session.groups.flatMap((group) => group.placements);
  const doubtful = placed.filter((one) => one.status === "check").length;
  const words = [`${placed.length - doubtful} of ${session.clips.length} clips are synced`];
  if (doubtful) words.push(`${doubtful} to be checked`);
  if (session.unplaced.length) words.push(`${session.unplaced.length} not synced`);
  return `${words.join(", ")}.`;
}

module.exports = { describe, selection };
