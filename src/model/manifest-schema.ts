import * as z from "zod";

import { CAPABILITIES } from "./capabilities.ts";
import { MAX_NAME_LENGTH, NAME_PATTERN } from "./manifest.ts";
import { DURATION_PATTERN, MEMORY_PATTERN } from "./units.ts";

/**
 * The keys of a manifest: the single source of `devc.schema.json`, of the types below and of the structural errors.
 * What a text means (sizes, capabilities, mounts) is read by `read-layer.ts`; a `pattern` in `.meta` helps editors only.
 */
const name = (what: string) =>
  z
    .string()
    .regex(new RegExp(NAME_PATTERN))
    .max(MAX_NAME_LENGTH)
    .meta({
      description: `${what}: lower-case letters, digits, - and _ inside; at most ${MAX_NAME_LENGTH} characters`,
    });

const memory = z.union([z.string().min(1).meta({ pattern: MEMORY_PATTERN }), z.number()]).meta({
  title: "Memory limit",
  description:
    "Size with a unit, or bytes. Units b, k, m, g, t (also KB, KiB, …) are powers of 1024. Swap is included. At least 6MiB.",
  examples: ["512MiB", "4GiB", "1.5g"],
});

const resources = z
  .strictObject({
    cpus: z
      .union([z.number(), z.string().meta({ pattern: "^[0-9]+(\\.[0-9]{1,9})?$" })])
      .meta({
        title: "CPU limit",
        description: "Number of CPUs, at most 9 decimals, at least 0.01.",
        examples: [2, 0.5],
      })
      .optional(),
    memory: memory.optional(),
    pids: z
      .int()
      .min(16)
      .max(4_194_304)
      .meta({ title: "Process limit", description: "Largest number of processes and threads.", examples: [512] })
      .optional(),
  })
  .meta({
    title: "Resource limits",
    description: "Limits over the profile's. What the engine does not have is clamped with a notice.",
    examples: [{ cpus: 2, memory: "6GiB", pids: 1024 }],
  });

const capabilityName = z
  .string()
  .min(1)
  .meta({ examples: CAPABILITIES.filter((each) => each.startsWith("NET_")) });

const capabilities = z
  .strictObject({
    add: z
      .array(capabilityName)
      .meta({ description: "Capabilities to give, with or without CAP_.", examples: [["SYS_PTRACE"]] })
      .optional(),
    drop: z
      .array(capabilityName)
      .meta({ description: "Capabilities to take away before adding; ALL empties the set.", examples: [["ALL"]] })
      .optional(),
  })
  .meta({
    title: "Linux capabilities",
    description: "Changes the set of the layer below (profile, then defaults, then project): drop first, then add.",
    examples: [{ add: ["SYS_PTRACE"] }],
  });

const target = z
  .string()
  .min(1)
  .meta({ pattern: "^/", description: "Absolute path in the sandbox.", examples: ["/data"] });
const readOnly = z.boolean().meta({ description: "The sandbox cannot write. Default: false." });

const mount = z
  .union([
    z.string().min(1).meta({
      description:
        "source:target[:ro]. A source that begins with ., / or ~ is a host path, any other a volume of the project.",
    }),
    z.discriminatedUnion("type", [
      z.strictObject({
        type: z.literal("bind"),
        source: z
          .string()
          .min(1)
          .meta({
            description:
              "Host path. Relative ones start at the file that names them and stay in the workspace; ~ is the home folder.",
            examples: ["./data", "~/datasets"],
          }),
        target,
        readOnly: readOnly.optional(),
      }),
      z.strictObject({
        type: z.literal("volume"),
        source: name("Name of a volume of this project"),
        target,
        readOnly: readOnly.optional(),
      }),
      z.strictObject({ type: z.literal("tmpfs"), target, size: memory.optional() }),
    ]),
  ])
  .meta({
    title: "Mount",
    examples: [
      "~/datasets:/data:ro",
      { type: "bind", source: "./data", target: "/data", readOnly: true },
      { type: "tmpfs", target: "/scratch", size: "256MiB" },
    ],
  });

const profileName = z
  .string()
  .min(1)
  .meta({
    title: "Profile",
    description: "Security posture: strict, moderate (default), permissive, or one of `profiles`.",
    examples: ["strict", "moderate", "permissive"],
  });

const settings = {
  image: z
    .string()
    .min(1)
    .meta({ title: "Image", description: "Image reference.", examples: ["debian:bookworm-slim", "node:22"] })
    .optional(),
  profile: profileName.optional(),
  resources: resources.optional(),
  capabilities: capabilities.optional(),
  env: z
    .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.union([z.string(), z.number(), z.boolean()]))
    .meta({
      title: "Environment",
      description: "Variables of the sandbox; merged by name. Values are taken as written.",
      examples: [{ NODE_ENV: "development" }],
    })
    .optional(),
  volumes: z
    .record(name("Name of a volume"), target)
    .meta({
      title: "Volumes",
      description: "Named volumes of the project and where they appear; merged by name. They outlive the sandbox.",
      examples: [{ cache: "/home/dev/.cache" }],
    })
    .optional(),
  mounts: z
    .array(mount)
    .meta({ title: "Mounts", description: "Further mounts; a list of a higher layer replaces the whole list." })
    .optional(),
  user: z
    .union([z.string().min(1), z.int().min(0)])
    .meta({
      title: "User",
      description: "User, uid, user:group or uid:gid. Default: the image's.",
      examples: ["dev", "1000:1000"],
    })
    .optional(),
  runtime: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/)
    .meta({ title: "OCI runtime", description: "Name of a runtime the engine knows.", examples: ["runsc"] })
    .optional(),
  state: z
    .enum(["running", "stopped"])
    .meta({ title: "State", description: "Whether the sandbox should be up. Default: running." })
    .optional(),
  protect: z
    .boolean()
    .meta({ title: "Protect", description: "Blocks replacing and deleting the sandbox. Default: false." })
    .optional(),
  hookTimeout: z
    .union([z.string().min(1).meta({ pattern: DURATION_PATTERN }), z.number()])
    .meta({
      title: "Hook timeout",
      description:
        "How long one command of a devcontainer.json may take: a number with s, m or h, or seconds. 1s to 24h; default: 1h.",
      examples: ["10m", 90],
    })
    .optional(),
};

const network = z
  .strictObject({
    mode: z
      .enum(["none", "open"])
      .meta({ description: "none: loopback only. open: a bridge of its own with a way out." }),
  })
  .meta({ title: "Network", examples: [{ mode: "none" }] });

const project = z
  .strictObject({
    path: z
      .string()
      .min(1)
      .meta({
        title: "Folder",
        description:
          "Folder of the project, relative to the file that names it, inside the workspace. Appears at /workspaces/<its name>.",
        examples: ["services/api"],
      })
      .optional(),
    devcontainer: z
      .string()
      .min(1)
      .meta({
        title: "devcontainer.json",
        description:
          "Uses .devcontainer/<this>/devcontainer.json of the project's folder. Without it, and without an image in this entry, .devcontainer/devcontainer.json or .devcontainer.json is used where there is one.",
        examples: ["python"],
      })
      .optional(),
    ...settings,
  })
  .meta({ title: "Project", description: "One project and its sandbox." });

const profile = z
  .strictObject({
    extends: profileName.optional(),
    network: network.optional(),
    resources: resources.optional(),
    capabilities: capabilities.optional(),
    noNewPrivileges: z
      .boolean()
      .meta({ title: "No new privileges", description: "Programs cannot gain privileges; sudo does not work." })
      .optional(),
  })
  .meta({ title: "Profile", description: "A posture of your own on top of another one." });

/** A file beside or below the manifest: `devc.local.yaml` and the files of `extends`. */
export const layerSchema = z.strictObject({
  version: z.literal(1).meta({ title: "Version", description: "Version of the manifest's form." }).optional(),
  workspace: name("Name of the workspace")
    .meta({ title: "Workspace", description: "Identity of everything this manifest declares.", examples: ["acme"] })
    .optional(),
  extends: z
    .array(z.string().min(1))
    .meta({
      title: "Extends",
      description: "Files this one builds on, lowest first, relative to this file.",
      examples: [["./team.yaml"]],
    })
    .optional(),
  defaults: z
    .strictObject(settings)
    .meta({ title: "Defaults", description: "Settings under every project." })
    .optional(),
  profiles: z
    .record(name("Name of a profile"), profile)
    .meta({ title: "Profiles", description: "Your own security postures." })
    .optional(),
  projects: z
    .record(name("Name of a project"), project)
    .meta({ title: "Projects", description: "The projects of the workspace." })
    .optional(),
});

/** The manifest itself. */
export const manifestSchema = layerSchema
  .required({ version: true, workspace: true })
  .meta({ title: "devc manifest", description: "Declares the sandboxes of a workspace." });

/** `customizations.devc` of a devcontainer.json: the keys of a project entry that a file in the project's folder may set. */
export const customizationsSchema = z
  .strictObject({
    profile: settings.profile,
    network: network.optional(),
    resources: settings.resources,
    volumes: settings.volumes,
    hookTimeout: settings.hookTimeout,
  })
  .meta({
    title: "devc customizations",
    description:
      "customizations.devc of a devcontainer.json. What would loosen what devc.yaml gives is not granted, and the plan says so.",
  });

/** A file as it is written, after its structure was checked. */
export type LayerFile = z.output<typeof layerSchema>;
/** Settings as they are written. */
export type SettingsFile = NonNullable<LayerFile["defaults"]> & {
  path?: string | undefined;
  devcontainer?: string | undefined;
};
/** `customizations.devc` as it is written, after its structure was checked. */
export type CustomizationsFile = z.output<typeof customizationsSchema>;
/** A profile as it is written. */
export type ProfileFile = NonNullable<LayerFile["profiles"]>[string];
/** A mount as it is written. */
export type MountFile = NonNullable<SettingsFile["mounts"]>[number];
