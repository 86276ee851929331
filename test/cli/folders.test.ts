import { expect, it } from "vitest";

import { foldersOf } from "../../src/cli/folders.ts";

it.each<[string, NodeJS.Platform, Record<string, string>, string, object]>([
  [
    "Linux defaults",
    "linux",
    {},
    "/home/me",
    { cacheDir: "/home/me/.cache/devc", stateDir: "/home/me/.local/state/devc" },
  ],
  [
    "XDG folders",
    "linux",
    { XDG_CACHE_HOME: "/c", XDG_STATE_HOME: "/s", XDG_RUNTIME_DIR: "/r" },
    "/home/me",
    {
      cacheDir: "/c/devc",
      stateDir: "/s/devc",
      runtimeDir: "/r/devc",
    },
  ],
  [
    "relative XDG folders, which are invalid",
    "linux",
    { XDG_CACHE_HOME: "c" },
    "/home/me",
    { cacheDir: "/home/me/.cache/devc" },
  ],
  ["no runtime folder", "linux", {}, "/home/me", { runtimeDir: "/home/me/.local/state/devc/run" }],
  ["macOS", "darwin", {}, "/Users/me", { cacheDir: "/Users/me/Library/Caches/devc" }],
  [
    "Windows",
    "win32",
    { LOCALAPPDATA: String.raw`D:\Local` },
    String.raw`C:\Users\me`,
    {
      cacheDir: String.raw`D:\Local\devc\cache`,
      stateDir: String.raw`D:\Local\devc\state`,
    },
  ],
])("finds the folders of the user: %s", (_title, platform, env, home, expected) => {
  expect(foldersOf(platform, env, home)).toMatchObject(expected);
});
