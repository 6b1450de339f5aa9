"use strict";
// The plugin's process: it holds Resolve's objects, starts Clapless, and makes the calls it asks for.

const { app, BrowserWindow, ipcMain } = require("electron");
const { spawn } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const { Caller, converse, engineEnvironment, lines } = require("./bridge.js");
const { describe, selection } = require("./selection.js");

const settings = JSON.parse(fs.readFileSync(path.join(__dirname, "settings.json"), "utf8"));
const native = require("./WorkflowIntegration.node");

let page = null;
let child = null;
let resolveObject = null;

/** Returns Resolve's own object; asked for once. */
async function connect() {
  if (resolveObject) return resolveObject;
  // The calls that answer with promises came with 20.1.
  const started = await (native.InitializePromise || native.Initialize)(settings.id);
  if (!started) throw new Error("Resolve does not let plugins in. It must be the Studio edition.");
  resolveObject = await (native.GetResolvePromise || native.GetResolve)();
  if (!resolveObject) throw new Error("Resolve did not answer. Close any dialog, and try again.");
  return resolveObject;
}

function tell(progress) {
  if (page) page.webContents.send("progress", progress);
}

function start(words) {
  const [program, ...rest] = [...settings.clapless, ...words];
  child = spawn(program, rest, { env: engineEnvironment(process.env), windowsHide: true });
  return child;
}

/** Runs a verb to its end; resolves to its exit code, its output and the last thing it said. */
function run(words) {
  return new Promise((resolve, reject) => {
    const running = start(words);
    let output = "";
    let last = "";
    running.stdout.setEncoding("utf8");
    running.stdout.on("data", (piece) => (output += piece));
    lines(running.stderr, (line) => {
      if (line.trim() === "") return;
      last = line.trim();
      tell({ text: last, done: 0, of: 0 });
    });
    running.stdin.end();
    running.on("error", (error) => {
      reject(new Error(`Clapless cannot be started (${error.message}): install it again.`));
    });
    running.on("close", (code, signal) => resolve({ code: signal ? 130 : code, output, last }));
  });
}

async function sync({ paths, signals }) {
  const folder = path.join(app.getPath("appData"), "clapless", "panel");
  fs.mkdirSync(folder, { recursive: true });
  const document = path.join(folder, `session-${Date.now()}.json`);
  // Naming signals lifts the caution about some of them, so that only a choice is passed on.
  const chosen = signals ? ["--signals", signals.join(",")] : [];
  const done = await run(["sync", ...paths, ...chosen, "--json", "-o", document]);
  if (done.code === 130) return { ok: false, sentence: "Cancelled. Nothing was changed." };
  if (done.code !== 0 && done.code !== 3) {
    return { ok: false, sentence: done.last || "Clapless ended without a word." };
  }
  const session = JSON.parse(done.output);
  return { ok: true, session, path: document, sentence: describe(session) };
}

async function apply({ session, multicam }) {
  const verb = ["resolve", "run", multicam ? "multicam" : "sync", "--session", session];
  const caller = new Caller(await connect());
  const engine = start(verb);
  engine.talks = true;
  return converse(engine, caller, tell);
}

/** Hands a request of the page to `work`; an error comes back as its sentence. */
function answer(name, work) {
  ipcMain.handle(name, async (_event, ...given) => {
    try {
      return await work(...given);
    } finally {
      child = null;
    }
  });
}

answer("clips", async () => selection(await connect()));
answer("sync", sync);
answer("apply", apply);
/** Cancels what runs: an engine that talks is told, so that it leaves nothing half done. */
function cancel() {
  if (!child) return;
  if (child.talks) child.stdin.write(`${JSON.stringify({ cancel: true })}\n`);
  else child.kill("SIGINT");
}

ipcMain.handle("cancel", cancel);

app.whenReady().then(() => {
  page = new BrowserWindow({
    width: 720,
    height: 760,
    title: "Clapless",
    backgroundColor: "#28282e",
    autoHideMenuBar: true,
    webPreferences: {
      preload: path.join(__dirname, "preload.js"),
      contextIsolation: true,
      nodeIntegration: false,
      sandbox: true,
    },
  });
  page.webContents.setWindowOpenHandler(() => ({ action: "deny" }));
  page.webContents.on("will-navigate", (event) => event.preventDefault());
  page.on("closed", () => (page = null));
  page.loadFile("index.html");
});

app.on("window-all-closed", () => {
  cancel();
  if (resolveObject) native.CleanUp();
  app.quit();
});
