// Bundles the CLI into dist/: devc.cjs answers `--version` and `--help`, start.cjs holds the commands, and each heavy
// library has a file of its own; all are loaded when they are needed. Each file is a function expression, ready to be run
// by bin/devc.cjs, and starts with the hash of its content: the key of the loader's code cache.
import { createHash } from "node:crypto";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** Files of the bundle and what each starts from. */
const FILES = {
  devc: "src/cli/entry.ts",
  start: "src/cli/start.ts",
  dockerode: "dockerode",
  ssh2: "ssh2",
  yaml: "yaml",
  zod: "zod",
};

/** What is imported by one of these names is another file of the bundle. */
const separate = {
  name: "separate-files",
  setup({ onResolve }) {
    onResolve({ filter: /^(dockerode|ssh2|yaml|zod|\.\/start\.ts)$/ }, ({ path, kind }) =>
      kind === "entry-point" ? undefined : { path: `./${path.replace(/^\.\/|\.ts$/g, "")}.cjs`, external: true },
    );
  },
};

/** Messages of zod in other languages: nothing of ours selects one, and they are half of the library. */
const english = {
  name: "english-only",
  setup({ onLoad }) {
    onLoad({ filter: /zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: 'export { default as en } from "./en.js";',
      resolveDir: join(ROOT, "node_modules/zod/v4/locales"),
    }));
  },
};

async function bundle(name, entry) {
  const result = await build({
    absWorkingDir: ROOT,
    entryPoints: [entry],
    bundle: true,
    platform: "node",
    target: "node20.19",
    format: "cjs",
    // `import()` becomes a lazy require: no start of Node's ESM loader, and the loader's code cache serves every file.
    supported: { "dynamic-import": false },
    minify: true,
    legalComments: "none",
    write: false,
    logLevel: "warning",
    // Optional native parts of ssh2: used when they are installed, never needed.
    external: ["cpu-features", "*.node"],
    // Its file for `require` loads its own parts in a way that cannot be bundled.
    alias: { "jsonc-parser": "jsonc-parser/lib/esm/main.js" },
    plugins: [separate, english],
  });
  write(`${name}.cjs`, result.outputFiles[0].text);
}

/** Several processes may build at once: a file is replaced in one step or not at all. */
function write(name, text) {
  const wrapped = `(function(exports,require,module,__filename,__dirname){${text}\n})`;
  const key = createHash("sha256").update(wrapped).digest("hex").slice(0, 32);
  const path = join(ROOT, "dist", name);
  writeFileSync(`${path}.${process.pid}`, `//${key}\n${wrapped}`);
  renameSync(`${path}.${process.pid}`, path);
  process.stdout.write(`dist/${name} ${Math.round(wrapped.length / 1024)} KiB\n`);
}

mkdirSync(join(ROOT, "dist"), { recursive: true });
await Promise.all(Object.entries(FILES).map(([name, entry]) => bundle(name, entry)));
