/** A local image, as an inspect shows it. */
export type ImageFacts = {
  /** `sha256:<hex>`. */
  id: string;
  labels: Record<string, string>;
  /** `Config.User`, empty for root. */
  user: string;
  /** Variables the image sets. */
  env: Record<string, string>;
  entrypoint: string[];
  command: string[];
  /** `Config.WorkingDir`, empty when unset. */
  workdir: string;
  os: string;
  architecture: string;
};
