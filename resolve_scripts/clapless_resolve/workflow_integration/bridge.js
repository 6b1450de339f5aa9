"use strict";
// Makes the calls that the engine asks for, on Resolve's objects, and answers them. The agreement
// stands in clapless_resolve/mailbox.py; what is told of Python entries there holds here.

/** Numbers Resolve's objects for the other side and makes calls on them. */
class Caller {
  constructor(resolve) {
    this.objects = [resolve];
  }

  /** Returns an argument with objects in place of their numbers. */
  given(value) {
    if (Array.isArray(value)) return value.map((one) => this.given(one));
    if (value === null || typeof value !== "object") return value;
    if ("@" in value) return this.objects[value["@"]];
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, this.given(v)]));
  }

  /** Returns a result as JSON has it, with numbers in place of objects. */
  told(value) {
    if (value === undefined || value === null) return null;
    if (["boolean", "number", "string"].includes(typeof value)) return value;
    if (Array.isArray(value)) return value.map((one) => this.told(one));
    if (isData(value)) {
      return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, this.told(v)]));
    }
    this.objects.push(value);
    return { "@": this.objects.length - 1 };
  }

  /** Makes one call and returns what Resolve answered. */
  async make(call, made) {
    const isEarlier = call.on !== null && typeof call.on === "object";
    const thing = isEarlier ? made[call.on.call] : this.objects[call.on];
    if (thing === undefined || thing === null) {
      throw new Error(`there is no object to ask ${call.do}`);
    }
    if (call.do === "?has") return call.with.map((name) => typeof thing[name] === "function");
    if (call.do === "?get") return thing[call.with[0]];
    if (typeof thing[call.do] !== "function") throw new Error(`this Resolve has no ${call.do}`);
    return thing[call.do](...this.given(call.with || []));
  }

  /** Makes calls in order and returns a result for each. */
  async results(calls) {
    const made = {};
    const results = [];
    for (const [index, call] of calls.entries()) {
      try {
        made[index + 1] = await this.make(call, made);
        results.push({ ok: this.told(made[index + 1]) });
      } catch (error) {
        results.push({ error: String(error && error.message ? error.message : error) });
      }
    }
    return results;
  }
}

/** Returns whether a value is a table and none of Resolve's objects, which have methods. */
function isData(value) {
  if (typeof value !== "object") return false;
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  return !Object.values(value).some((one) => typeof one === "function");
}

/** Calls `take` with each whole line of a stream of bytes. */
function lines(stream, take) {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (piece) => {
    const parts = (rest + piece).split("\n");
    rest = parts.pop();
    parts.forEach(take);
  });
}

/** Returns what a line says; a library's own words say nothing. */
function parsed(line) {
  try {
    return JSON.parse(line) || {};
  } catch {
    return {};
  }
}

/**
 * Answers an engine's lines until it ends; resolves to its last words.
 * @param child the process, with pipes
 * @param caller makes its calls
 * @param onProgress is given {text, done, of}
 */
function converse(child, caller, onProgress) {
  return new Promise((resolve) => {
    let last = null;
    let busy = Promise.resolve();
    child.stdin.on("error", () => {}); // it ended: what it said last is told below
    lines(child.stdout, (line) => {
      const said = parsed(line);
      if (said.done) last = said.done;
      if (said.progress) onProgress(said.progress);
      if (!said.calls) return;
      busy = busy.then(async () => {
        const results = await caller.results(said.calls);
        if (child.stdin.writable) {
          child.stdin.write(`${JSON.stringify({ id: said.id, results })}\n`);
        }
      });
    });
    const killed = {
      ok: false,
      sentence: "Clapless was ended before it was done. Nothing of yours was changed: try again.",
    };
    child.on("error", (error) => {
      resolve({ ok: false, sentence: `Clapless cannot be started: ${error.message}.` });
    });
    child.on("close", () => busy.then(() => resolve(last || killed)));
  });
}

/** Returns an environment without what would bend the engine's Python. */
function engineEnvironment(environment) {
  const scrubbed = ["PYTHON", "__PYVENV_LAUNCHER__", "DYLD_", "LD_", "ELECTRON_"];
  const kept = Object.entries(environment).filter(
    ([name]) => !scrubbed.some((start) => name.toUpperCase().startsWith(start)),
  );
  return Object.fromEntries(kept);
}

module.exports = { Caller, converse, engineEnvironment, isData, lines };
