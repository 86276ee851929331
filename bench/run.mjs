// Runs the benchmarks and records them: npm run bench [-- CASE…] [-- --rounds N]
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { bigPlan, firstApply, noOp, startUp } from "./lib/cases.mjs";
import { devcontainerNoOp } from "./lib/devcontainer.mjs";
import { tableOf } from "./lib/table.mjs";
import { composeProgram, dockerProgram, engineAddress, environmentFacts } from "./lib/tools.mjs";

const CASES = {
  startup: { title: "start of the program", rounds: 30, run: startUp },
  "noop-20": { title: "nothing to do, 20 sandboxes", rounds: 15, run: noOp, count: 20, engine: true },
  "noop-100": { title: "nothing to do, 100 sandboxes", rounds: 15, run: noOp, count: 100, engine: true },
  "first-100": {
    title: "first apply, 100 sandboxes, a volume each",
    rounds: 5,
    run: firstApply,
    count: 100,
    engine: true,
  },
  "devcontainer-noop": {
    title: "nothing to do, projects with a devcontainer.json",
    rounds: 15,
    run: devcontainerNoOp,
    count: 20,
    engine: true,
  },
  "plan-1000": {
    title: "nothing to do, 1000 sandboxes, engine that costs nothing",
    rounds: 15,
    run: bigPlan,
    count: 1000,
  },
};

const RESULTS = join(import.meta.dirname, "results");

const { values, positionals } = parseArgs({ allowPositionals: true, options: { rounds: { type: "string" } } });
const unknown = positionals.find((name) => !Object.hasOwn(CASES, name));
if (unknown) throw new Error(`there is no case ${unknown}; cases: ${Object.keys(CASES).join(", ")}`);
const chosen = Object.keys(CASES).filter((name) => positionals.length === 0 || positionals.includes(name));

const needsEngine = chosen.some((name) => CASES[name].engine);
const engine = needsEngine ? await engineAddress() : undefined;
const compose = needsEngine ? composeProgram() : undefined;
const docker = needsEngine ? dockerProgram() : undefined;
const facts = await environmentFacts(engine, compose);

const cases = {};
for (const name of chosen) {
  const { title, run, rounds, count } = CASES[name];
  process.stderr.write(`${name}: ${title}\n`);
  cases[name] = { title, ...(await run({ rounds: Number(values.rounds ?? rounds), count, engine, compose, docker })) };
}

process.stdout.write(tableOf({ facts, cases }));
// A run of all cases at their full number of rounds is one record; a part of it is for looking at.
if (chosen.length === Object.keys(CASES).length && values.rounds === undefined) {
  await mkdir(RESULTS, { recursive: true });
  await writeFile(join(RESULTS, "latest.json"), `${JSON.stringify({ facts, cases }, undefined, 1)}\n`);
  await writeFile(join(RESULTS, "latest.md"), tableOf({ facts, cases }));
  const log = join(RESULTS, "history.jsonl");
  const medians = Object.fromEntries(
    Object.entries(cases).map(([name, { results }]) => [
      name,
      Object.fromEntries(Object.entries(results).map(([subject, { median }]) => [subject, median])),
    ]),
  );
  const before = await readFile(log, "utf8").catch((error) => {
    if (error.code === "ENOENT") return "";
    throw error;
  });
  await writeFile(log, `${before}${JSON.stringify({ ...facts, medians })}\n`);
}
