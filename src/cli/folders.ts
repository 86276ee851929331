import { posix, win32 } from "node:path";

import type { Environment } from "./context.ts";

/** Folders of the user that devc writes to. */
export type Folders = { cacheDir: string; stateDir: string; runtimeDir: string };

/**
 * Where things go: the XDG base directories where they are set (a relative value is invalid by that specification and is
 * not used), `~/Library` on macOS, `%LOCALAPPDATA%\devc` on Windows.
 */
export function foldersOf(platform: NodeJS.Platform, env: Environment, home: string): Folders {
  if (platform === "win32") return windowsFolders(env, home);
  const { join, isAbsolute } = posix;
  const xdg = (name: string): string | undefined => {
    const value = env[name];
    return value && isAbsolute(value) ? join(value, "devc") : undefined;
  };
  const [cache, state] =
    platform === "darwin" ? ["Library/Caches", "Library/Application Support"] : [".cache", ".local/state"];
  const stateDir = xdg("XDG_STATE_HOME") ?? join(home, state as string, "devc");
  return {
    cacheDir: xdg("XDG_CACHE_HOME") ?? join(home, cache as string, "devc"),
    stateDir,
    runtimeDir: xdg("XDG_RUNTIME_DIR") ?? join(stateDir, "run"),
  };
}

function windowsFolders(env: Environment, home: string): Folders {
  const local = win32.join(env["LOCALAPPDATA"] || win32.join(home, "AppData", "Local"), "devc");
  const inside = (name: string): string => win32.join(local, name);
  return { cacheDir: inside("cache"), stateDir: inside("state"), runtimeDir: inside("run") };
}
