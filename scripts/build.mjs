// Bundles the CLI: dist/devc.cjs with everything the usual commands need and, loaded only when they are used, one file
// for each heavy library. Each file starts with its own content hash: the key of the loader's code cache.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** Libraries that get a file of their own. */
const HEAVY = ["dockerode", "ssh2"];

/** Built in parallel checkouts and by several tests at once: a file is replaced in one step or not at all. */
function write(name, text) {
  const key = createHash("sha256").update(text).digest("hex").slice(0, 32);
  const path = join(ROOT, "dist", name);
  writeFileSync(`${path}.${process.pid}`, `//${key}\n${text}`);
  renameSync(`${path}.${process.pid}`, path);
}

const shared = {
  absWorkingDir: ROOT,
  bundle: true,
  platform: "node",
  target: "node20.19",
  format: "cjs",
  minify: true,
  keepNames: false,
  legalComments: "none",
  write: false,
  logLevel: "warning",
  // Optional native parts of ssh2: used when they are installed, never needed.
  external: ["cpu-features", "*.node"],
};

const separate = {
  name: "separate-libraries",
  setup({ onResolve }) {
    onResolve({ filter: new RegExp(`^(${HEAVY.join("|")})$`) }, ({ path, kind }) =>
      kind === "entry-point" ? undefined : { path: `./${path}.cjs`, external: true },
    );
  },
};

mkdirSync(join(ROOT, "dist"), { recursive: true });
const [cli, ...libraries] = await Promise.all([
  build({ ...shared, entryPoints: ["src/cli/entry.ts"], plugins: [separate] }),
  ...HEAVY.map((library) =>
    build({ ...shared, entryPoints: [library], plugins: library === "ssh2" ? [] : [separate] }),
  ),
]);
write("devc.cjs", cli.outputFiles[0].text);
for (const [at, library] of HEAVY.entries()) write(`${library}.cjs`, libraries[at].outputFiles[0].text);
const bytes = readFileSync(join(ROOT, "dist", "devc.cjs")).length;
process.stdout.write(`dist/devc.cjs ${Math.round(bytes / 1024)} KiB\n`);
