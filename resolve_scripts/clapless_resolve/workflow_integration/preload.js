"use strict";
// What the page may ask for, and nothing else: it has no Node and no Resolve of its own.

const { contextBridge, ipcRenderer } = require("electron");

contextBridge.exposeInMainWorld("clapless", {
  clips: () => ipcRenderer.invoke("clips"),
  sync: (wanted) => ipcRenderer.invoke("sync", wanted),
  apply: (wanted) => ipcRenderer.invoke("apply", wanted),
  cancel: () => ipcRenderer.invoke("cancel"),
  onProgress: (take) => ipcRenderer.on("progress", (_event, progress) => take(progress)),
});
