#!/usr/bin/env node
// Starts the bundle through V8's code cache, which saves most of the time that compiling it takes. The cache is derived
// data: whatever is wrong with it, devc runs all the same, only slower.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const vm = require("node:vm");

const DIST = path.join(__dirname, "..", "dist");
/** Shorter files, in bytes, compile faster than their cache is found. */
const WORTH_CACHING = 16 * 1024;
/** Whenever a file is written, older ones than this go, in milliseconds: those of other builds, and what a crash left. */
const STALE = 7 * 24 * 60 * 60 * 1000;

/** Each command compiles other functions, so each has a cache of its own. */
const word = process.argv.slice(2).find((argument) => /^[a-z]{2,10}$/.test(argument)) ?? "none";
/** Modules that were loaded, by file name, and scripts whose compiled code is not in the cache yet. */
const modules = new Map();
const uncached = [];
let folder;

load("devc.cjs");

/** Runs a file of the bundle, once: each is an expression whose value is the function of a CommonJS module. */
function load(name) {
  const loaded = modules.get(name);
  if (loaded) return loaded.exports;
  const filename = path.join(DIST, name);
  // The build writes ASCII only.
  const source = fs.readFileSync(filename, "latin1");
  const script = source.length < WORTH_CACHING ? new vm.Script(source, { filename }) : compile(name, filename, source);
  const module = { exports: {} };
  modules.set(name, module);
  const requireHere = (id) => (id.startsWith("./") ? load(id.slice(2)) : require(id));
  script.runInThisContext()(module.exports, requireHere, module, filename, DIST);
  return module.exports;
}

function compile(name, filename, source) {
  folder ??= cacheFolder();
  // The build writes the hash of a file into its first line; V8 itself rejects the data of another V8 or other flags.
  const key = `${source.slice(2, 34)}-${process.versions.v8}-${process.arch}`;
  const file = folder === "" ? undefined : path.join(folder, `${key}-${name}-${word}`);
  const cachedData = file === undefined ? undefined : read(file);
  const script = new vm.Script(source, { filename, cachedData });
  if (file !== undefined && (!cachedData || script.cachedDataRejected)) {
    if (uncached.length === 0) process.once("exit", saveAll);
    uncached.push({ file, script });
  }
  return script;
}

/** A folder of this user that nobody else can write to, because code that is run is read from it; or an empty text. */
function cacheFolder() {
  const base = cacheBase(process.env);
  if (!base) return "";
  const found = path.join(base, "code");
  try {
    if (!fs.existsSync(found)) fs.mkdirSync(found, { recursive: true, mode: 0o700 });
    return isOurs(fs.lstatSync(found)) ? found : "";
  } catch {
    return ""; // read-only or full: no cache
  }
}

/** The same folder as `foldersOf` in src/cli/folders.ts gives: this file runs before any of the bundle. */
function cacheBase({ XDG_CACHE_HOME: xdg, LOCALAPPDATA: local, HOME: home }) {
  if (process.platform === "win32") return local && path.join(local, "devc", "cache");
  if (xdg && path.isAbsolute(xdg)) return path.join(xdg, "devc");
  return home && path.join(home, process.platform === "darwin" ? "Library/Caches" : ".cache", "devc");
}

function isOurs(stats) {
  return process.platform === "win32" || (stats.uid === process.getuid() && (stats.mode & 0o022) === 0);
}

/** V8 checks no more than a header and dies of a damaged body: a checksum stands behind the data. */
function read(file) {
  let descriptor;
  try {
    descriptor = fs.openSync(file, fs.constants.O_RDONLY | (fs.constants.O_NOFOLLOW ?? 0));
    if (!isOurs(fs.fstatSync(descriptor))) return undefined;
    const bytes = fs.readFileSync(descriptor);
    const data = bytes.subarray(0, bytes.length - 4);
    return bytes.readUInt32LE(data.length) === require("node:zlib").crc32(data) ? data : undefined;
  } catch {
    return undefined; // not there yet, or cut short
  } finally {
    if (descriptor !== undefined) fs.closeSync(descriptor);
  }
}

function saveAll() {
  // A wrong command line is no command worth a file.
  if (process.exitCode !== 64) for (const { file, script } of uncached) save(file, script);
}

/** Written beside and renamed, so that another devc that starts now reads the old file, the new one, or none. */
function save(file, script) {
  const temporary = `${file}.${process.pid}`;
  try {
    const data = script.createCachedData();
    const tail = Buffer.alloc(4);
    tail.writeUInt32LE(require("node:zlib").crc32(data));
    fs.writeFileSync(temporary, Buffer.concat([data, tail]), { flag: "wx", mode: 0o600 });
    fs.renameSync(temporary, file);
    removeStale(Date.now() - STALE);
  } catch {
    fs.rmSync(temporary, { force: true }); // read-only or full: no cache
  }
}

function removeStale(before) {
  for (const name of fs.readdirSync(folder)) {
    const file = path.join(folder, name);
    if (fs.lstatSync(file).mtimeMs < before) fs.rmSync(file, { force: true });
  }
}
