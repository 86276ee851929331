/** What discovery needs of the file system. */
export type DiscoveryFiles = {
  /** Text of a file; undefined when it is not there. Other failures throw Node's error. */
  read(path: string): string | undefined;
  /** Names in a folder, sorted; empty when it is not there. */
  list(path: string): string[];
  /** Whether something is at the path, behind symbolic links too. Throws Node's error (`EACCES`) when that cannot be told. */
  exists(path: string): boolean;
};

/** The world in which an engine is looked for; tests pass their own. */
export type DiscoveryWorld = {
  /** Value of `--engine`. */
  explicit?: string;
  env: Record<string, string | undefined>;
  platform: NodeJS.Platform;
  /** Absolute home folder. */
  home: string;
  /** Number of the user, where the system has one. */
  uid?: number;
  files: DiscoveryFiles;
};
