"use strict";
// Runs the plugin's main.js in Node, with Electron and Resolve's module played, and asks what the
// page would ask: node main_host.js FOLDER '[["clips"], ["sync", {...}], ...]' OPTIONS

const Module = require("node:module");
const path = require("node:path");

const [folder, requests, optionText] = process.argv.slice(2);
const options = JSON.parse(optionText || "{}");
const handlers = {};
const told = { window: null, progress: [], answers: [], quit: false, cleaned: false };
const events = {};

class BrowserWindow {
  constructor(given) {
    told.window = given.webPreferences;
    this.webContents = {
      send: (_name, progress) => {
        told.progress.push(progress.text);
        if (options.cancelAt === progress.text) handlers.cancel();
      },
      setWindowOpenHandler: (decide) => (told.opens = decide({}).action),
      on: () => {},
    };
  }
  on() {}
  loadFile(name) {
    told.page = name;
  }
}

const electron = {
  app: {
    whenReady: () => Promise.resolve(),
    getPath: () => path.join(folder, "data of Ann"),
    on: (name, act) => (events[name] = act),
    quit: () => (told.quit = true),
  },
  BrowserWindow,
  ipcMain: { handle: (name, act) => (handlers[name] = (...given) => act({}, ...given)) },
};

const clip = {
  GetClipProperty: () => ({ "Clip Name": "a", "File Path": "/a b.mov", "Video Codec": "x" }),
};
const pool = { GetSelectedClips: () => [clip], Name: (text) => `Media Pool ${text}` };
const project = { GetMediaPool: () => pool };
const resolve = { GetProjectManager: () => ({ GetCurrentProject: () => project }) };
const native = {
  Initialize: (id) => id === "com.clapless.panel" && !options.refused,
  GetResolve: () => (options.silent ? null : resolve),
  CleanUp: () => (told.cleaned = true),
};
if (!options.old) {
  native.InitializePromise = async (id) => native.Initialize(id);
  native.GetResolvePromise = async () => native.GetResolve();
}

const load = Module._load;
Module._load = (name, ...rest) => {
  if (name === "electron") return electron;
  if (name.endsWith("WorkflowIntegration.node")) return native;
  return load(name, ...rest);
};

require(path.join(folder, "main.js"));
setTimeout(async () => {
  for (const [name, ...given] of JSON.parse(requests)) {
    try {
      told.answers.push(await handlers[name](...given));
    } catch (error) {
      told.answers.push({ thrown: error.message });
    }
  }
  events["window-all-closed"]();
  console.log(JSON.stringify(told));
}, 20);
