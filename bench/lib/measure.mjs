import { spawn } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PEAK_RECORDER = join(import.meta.dirname, "record-peak.cjs");
let runs = 0;

/**
 * Runs a program to its end and measures it from outside: from before the spawn to the exit, so start-up counts.
 * @param {string[]} command
 * @param {{ cwd?: string, env?: Record<string, string | undefined>, expect?: number, peak?: boolean }} options
 *   `expect`: the exit code that is no failure (default 0); `peak`: also record peak memory (Node programs only)
 * @returns {Promise<{ ms: number, stdout: string, peakMiB?: number }>}
 */
export async function measure([file, ...args], { cwd, env = process.env, expect = 0, peak = false } = {}) {
  const peakFile = join(tmpdir(), `devc-bench-peak-${process.pid}-${++runs}`);
  const extra = peak ? { NODE_OPTIONS: `--require=${PEAK_RECORDER}`, DEVC_BENCH_PEAK: peakFile } : {};
  const began = process.hrtime.bigint();
  const child = spawn(file, args, { cwd, env: { ...env, ...extra }, stdio: ["ignore", "pipe", "pipe"] });
  let ended = began;
  child.on("exit", () => (ended = process.hrtime.bigint()));
  const [stdout, stderr, code] = await Promise.all([
    textOf(child.stdout),
    textOf(child.stderr),
    new Promise((resolve, reject) => child.on("error", reject).on("close", resolve)),
  ]);
  if (code !== expect)
    throw new Error(`${[file, ...args].join(" ")} ended with ${code}:\n${`${stdout}${stderr}`.slice(-3000)}`);
  const result = { ms: Number(ended - began) / 1e6, stdout };
  if (!peak) return result;
  const peakMiB = Number(await readFile(peakFile, "utf8")) / 1024;
  await rm(peakFile);
  return { ...result, peakMiB };
}

/**
 * Measures several things in turn, round by round, each round starting with another one: whatever the machine does
 * meanwhile hits all of them alike. The first `warmup` rounds are thrown away.
 * @param {Record<string, () => Promise<{ ms: number, peakMiB?: number }>>} subjects
 * @param {{ rounds: number, warmup?: number }} options
 * @returns {Promise<Record<string, { median: number, min: number, p90: number, samples: number[], peakMiB?: number }>>}
 */
export async function interleaved(subjects, { rounds, warmup = 1 }) {
  const names = Object.keys(subjects);
  const samples = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = -warmup; round < rounds; round++) {
    const first = (round + warmup) % names.length;
    for (const name of [...names.slice(first), ...names.slice(0, first)]) {
      const sample = await subjects[name]();
      if (round >= 0) samples[name].push(sample);
    }
  }
  return Object.fromEntries(names.map((name) => [name, summary(samples[name])]));
}

function summary(samples) {
  const ms = samples.map((each) => each.ms).toSorted((a, b) => a - b);
  const peaks = samples.flatMap(({ peakMiB }) => peakMiB ?? []);
  return {
    median: round(quantile(ms, 0.5)),
    min: round(ms[0]),
    p90: round(quantile(ms, 0.9)),
    samples: samples.map((each) => round(each.ms)),
    ...(peaks.length > 0 ? { peakMiB: round(Math.max(...peaks)) } : {}),
  };
}

function quantile(sorted, share) {
  const at = (sorted.length - 1) * share;
  const [low, high] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  return low + (high - low) * (at - Math.floor(at));
}

async function textOf(stream) {
  return (await stream.setEncoding("utf8").toArray()).join("");
}

/** One decimal is finer than any noise here. */
export function round(value) {
  return Math.round(value * 10) / 10;
}
