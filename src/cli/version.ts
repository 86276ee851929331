import manifest from "../../package.json" with { type: "json" };

/** Version of devc. */
export const VERSION: string = manifest.version;
