"use strict";
// Preloaded into a measured Node program: writes its peak resident size (KiB) to a file when it exits.
const { writeFileSync } = process.getBuiltinModule("node:fs");

const file = process.env.DEVC_BENCH_PEAK;
if (file) process.on("exit", () => writeFileSync(file, String(process.resourceUsage().maxRSS)));
