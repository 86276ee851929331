import { describe, expect, it } from "vitest";

import { remoteEnvironment } from "../../src/drivers/hooks/remote-environment.ts";
import { representativeEngines } from "../support/engines.ts";
import { hooksOf, realWorld, startHookContainer } from "../support/hook-container.ts";

/** Notes the phases in the order in which they run. */
const NOTING = hooksOf({
  onCreate: "echo onCreate >>/box/log",
  updateContent: "echo updateContent >>/box/log",
  postCreate: "echo postCreate >>/box/log",
  postStart: "echo postStart >>/box/log",
  postAttach: "echo postAttach >>/box/log",
});

const PATIENCE = { timeout: 20_000, interval: 100 };

/** Command lines of all processes that hold a word; the pattern does not match itself. */
const processes = (word: string): string =>
  `for f in /proc/[0-9]*/cmdline; do tr '\\0' ' ' <$f 2>/dev/null | grep -a "[${word[0]}]${word.slice(1)}"; done; true`;

describe.each(representativeEngines)("hooks in a container of $name", ({ endpoint }) => {
  it("run in order, as the user, in the folder, and note their success as the reference CLI does", async () => {
    await using container = await startHookContainer(endpoint);
    const printed = await container.run(
      hooksOf({
        postStart: ["printf", "%s\\n", "an argument", "$HOME"],
        postCreate: "pwd; id -un; echo problem >&2",
        onCreate: "printf 'no end of line'",
        updateContent: "printf '10%%\\r50%%\\r100%%\\r\\n'",
      }),
    );
    expect(printed.filter(([, line]) => line !== "problem")).toEqual([
      ["onCreate", "no end of line"],
      ["updateContent", "100%"],
      ["postCreate", "/box"],
      ["postCreate", "worker"],
      ["postStart", "an argument"],
      ["postStart", "$HOME"],
    ]);
    expect(printed).toContainEqual(["postCreate", "problem"]);
    const detail = await container.engine.inspectContainer(container.id);
    const folder = "/home/worker/.devcontainer";
    const server = "/home/worker/.vscode-server/data/Machine";
    for (const place of [folder, server]) {
      for (const phase of ["onCreate", "updateContent", "postCreate"]) {
        expect(await container.sh(`cat ${place}/.${phase}CommandMarker`)).toBe(`${detail?.createdText}\n`);
      }
      expect(await container.sh(`cat ${place}/.postStartCommandMarker`)).toBe(`${detail?.startedText}\n`);
    }
    expect(await container.sh(`stat -c %U ${folder} ${folder}/.onCreateCommandMarker`)).toBe("worker\nworker\n");
    expect(await container.sh(`ls -A ${folder} | wc -l`)).toBe("4\n");
  });

  it("run once per container, postStart once per start, and postAttach every time", async () => {
    await using container = await startHookContainer(endpoint);
    const log = () => container.sh("cat /box/log; : >/box/log");
    await container.run(NOTING);
    expect(await log()).toBe("onCreate\nupdateContent\npostCreate\npostStart\n");
    await container.run(NOTING);
    expect(await log()).toBe("");
    await container.stop();
    await container.engine.startContainer(container.id);
    await container.run(NOTING);
    expect(await log()).toBe("postStart\n");
    for (const _time of [1, 2]) await container.run(NOTING, { phases: ["postStart", "postAttach"] });
    expect(await log()).toBe("postAttach\npostAttach\n");
  });

  it("of one object run side by side, all come to their end, and the first that failed is told", async () => {
    await using container = await startHookContainer(endpoint);
    // Each waits for the other: one after the other they would never end.
    const meet = (own: string, other: string): string =>
      `mkfifo /box/${own} 2>/dev/null; touch /box/${own}-is-there; until [ -e /box/${other}-is-there ]; do :; done`;
    const failing = container.run(
      hooksOf({
        postCreate: {
          one: `${meet("one", "two")}; echo met`,
          two: ["/bin/sh", "-c", `${meet("two", "one")}; exit 7`],
          slow: "until [ -e /box/two-is-there ]; do :; done; echo whole >/box/slow-ended",
        },
        postStart: "touch /box/started",
      }),
    );
    await expect(failing).rejects.toMatchObject({
      code: "hook-failed",
      message: expect.stringMatching(/^'two' of postCreateCommand of project web ended with status 7: \/bin\/sh -c /),
    });
    expect(await container.sh("cat /box/slow-ended")).toBe("whole\n");
    expect(await container.sh("ls /box")).not.toContain("started");
  });

  it("that failed stop the rest, and the next run does only what has not succeeded", async () => {
    await using container = await startHookContainer(endpoint);
    const hooks = {
      ...NOTING,
      updateContent: [
        { command: "echo updateContent >>/box/log", source: "image" },
        { command: "echo cause; echo reason >&2; test -e /box/mended", source: "devcontainer.json" },
        { command: "echo never >>/box/log", source: "devcontainer.json" },
      ],
    };
    const error = await container.run(hooks).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: "hook-failed",
      message:
        "updateContentCommand of project web ended with status 1: echo cause; echo reason >&2; test -e /box/mended",
      hint: "mend the command, then: devc up web",
    });
    expect((error as { details: string[] }).details.toSorted()).toEqual(["cause", "reason"]);
    expect(await container.sh("cat /box/log; : >/box/log; touch /box/mended")).toBe("onCreate\nupdateContent\n");
    await container.run(hooks);
    expect(await container.sh("cat /box/log")).toBe("updateContent\nnever\npostCreate\npostStart\n");
  });

  it("that take too long are ended with everything they started, in the background and with another environment", async () => {
    await using container = await startHookContainer(endpoint);
    const command = [
      "trap '' TERM; (exec -a hook-stray sleep 1947483641) &",
      "env -i sh -c 'sleep 1947483642' &",
      "setsid sh -c 'sleep 1947483643' &",
      "echo begun; while :; do sleep 1; done",
    ].join("\n");
    const failing = container.run(hooksOf({ postCreate: ["bash", "-c", command] }), { timeoutMs: 10_000 });
    const probe = () => container.sh(processes("194748364"));
    await expect.poll(probe, PATIENCE).toContain("1947483643");
    await expect(failing).rejects.toMatchObject({
      code: "hook-failed",
      message: expect.stringContaining("postCreateCommand of project web did not end within 10 s: bash -c trap"),
      details: ["begun"],
    });
    expect(await probe()).toBe("");
    expect(await container.sh("ls -A /home/worker/.devcontainer")).not.toContain("postCreate");
  });

  it("that are interrupted are ended, and nothing after them begins", async () => {
    await using container = await startHookContainer(endpoint);
    const stop = new AbortController();
    const interrupted = container.run(
      hooksOf({
        onCreate: { a: "sleep 1947483641", b: "echo begun; sleep 1947483642" },
        postCreate: "touch /box/after",
      }),
      { signal: stop.signal },
    );
    const probe = () => container.sh(processes("194748364"));
    await expect.poll(probe, PATIENCE).toMatch(/41[^]*42|42[^]*41/);
    stop.abort();
    await expect(interrupted).rejects.toMatchObject({ code: "interrupted" });
    expect(await probe()).toBe("");
    expect(await container.sh("ls -A /box /home/worker/.devcontainer 2>/dev/null || true")).not.toMatch(/after|Marker/);
  });

  it("are over when their program ends, whatever it leaves in the background", async () => {
    await using container = await startHookContainer(endpoint);
    const printed = await container.run(hooksOf({ postStart: "sleep 1947483641 & echo up" }));
    expect(printed).toEqual([["postStart", "up"]]);
    expect(await container.sh(processes("1947483641"))).toContain("1947483641");
  });

  it("get the environment of the user's shell, and over it remoteEnv", async () => {
    const profile = [
      `echo 'export PATH=/usr/local/bin:/usr/bin:/bin' >/etc/profile`,
      `echo 'echo noise; export LOGIN=1; export PATH=/opt/profile/bin:$PATH' >/home/worker/.profile`,
      `echo 'export INTERACTIVE=1' >/home/worker/.bashrc`,
      `chown -R worker /home/worker`,
    ].join(" && ");
    const env = { PATH: "/opt/image/bin:/usr/local/sbin:/usr/local/bin:/usr/bin:/bin", FROM_IMAGE: "of the image" };
    await using container = await startHookContainer(endpoint, { prepare: profile, env });
    const printEnv = hooksOf({ postAttach: 'echo "$LOGIN,$INTERACTIVE,$PATH,$MORE,$HOME,${DEVC_HOOK:+marked}"' });
    const seen = async (userEnvProbe: "none" | "loginShell" | "interactiveShell" | "loginInteractiveShell") => {
      const remote = { userEnvProbe, env: { MORE: "${containerEnv:FROM_IMAGE}, hosts:1${containerEnv:NOT_SET:!}" } };
      const reveal = (text: string) => text.replace("hosts:1", "host");
      const printed = await container.run(printEnv, { remote, reveal, phases: ["postAttach"] });
      return printed.map(([, line]) => line);
    };
    const more = "of the image, host!,/home/worker,marked";
    const given = env.PATH;
    const ofProfile = "/opt/image/bin:/opt/profile/bin:/usr/local/bin:/usr/bin:/bin";
    expect(await seen("none")).toEqual([`,,${given},${more}`]);
    expect(await seen("interactiveShell")).toEqual([`,1,${given},${more}`]);
    expect(await seen("loginShell")).toEqual([`1,,${ofProfile},${more}`]);
    expect((await seen("loginInteractiveShell"))[0]).toMatch(/^1,/);
  });

  it("do without the environment of a shell that does not come to its end, and say so", async () => {
    const hang = "echo 'echo waiting; sleep 1947483641' >/home/worker/.profile";
    await using container = await startHookContainer(endpoint, { prepare: hang });
    const printed = await container.run(hooksOf({ onCreate: "echo run" }), { remote: { userEnvProbe: "loginShell" } });
    expect(printed).toEqual([
      ["onCreate", "devc: /bin/bash took longer than 10 s to start"],
      ["onCreate", "run"],
    ]);
    expect(await container.sh(processes("1947483641"))).toBe("");
  });

  it("run in an image without bash, getent and passwd entry, as a user without a home", async () => {
    const bare = "rm -f /bin/bash /usr/bin/bash /usr/bin/getent; chmod 700 /box; chown 4321 /box";
    await using container = await startHookContainer(endpoint, { prepare: bare });
    const remote = { user: "4321", userEnvProbe: "loginInteractiveShell" } as const;
    const hooks = hooksOf({ onCreate: "id -u; pwd; touch /box/mine", postStart: ["id", "-u"] });
    expect(await container.run(hooks, { remote })).toEqual([
      ["onCreate", "4321"],
      ["onCreate", "/box"],
      ["postStart", "4321"],
    ]);
    // Nobody may write to /root or make a home: the markers lie where root may write, and are found again.
    expect(await container.run(hooks, { remote })).toEqual([]);
    expect(await container.sh("ls /var/devcontainer")).toBe("devc-4321\n");
  });

  it("start at home when their folder is missing, and name a user that does not exist", async () => {
    await using container = await startHookContainer(endpoint);
    const printed = await container.run(hooksOf({ onCreate: "pwd" }), { remote: { workdir: "/not/there" } });
    expect(printed).toEqual([
      ["onCreate", "devc: /not/there is no folder that can be entered; commands start in /home/worker"],
      ["onCreate", "/home/worker"],
    ]);
    await expect(
      container.run(hooksOf({ onCreate: "pwd" }), { remote: { user: "nobody-knows" } }),
    ).rejects.toMatchObject({
      code: "engine-rejected",
      message: expect.stringContaining("nothing can be run as user nobody-knows in the sandbox"),
    });
  });

  it("have the environment that is kept for those who enter until the container is started anew", async () => {
    await using container = await startHookContainer(endpoint, {
      prepare:
        "echo 'export LOGIN=$(wc -l </box/logins); echo >>/box/logins' >/home/worker/.profile; touch /box/logins; chown worker /box/logins",
      env: { SECRET: "from the host" },
    });
    const kept = new Map<string, object>();
    const remote = {
      user: "worker",
      workdir: "/box",
      env: { A: "${containerEnv:SECRET}" },
      userEnvProbe: "loginShell",
    } as const;
    const look = () =>
      remoteEnvironment(container.engine, container.id, remote, {
        reveal: (text) => text,
        cache: { get: (key) => kept.get(key), set: (key, value) => void kept.set(key, value) },
        world: realWorld,
      });
    const first = await look();
    expect(first).toMatchObject({
      user: "worker",
      workdir: "/box",
      env: { LOGIN: "0", A: "from the host" },
      problems: [],
    });
    expect(await look()).toEqual(first);
    expect(JSON.stringify([...kept])).not.toContain("from the host");
    await container.stop();
    await container.engine.startContainer(container.id);
    expect((await look()).env["LOGIN"]).toBe("1");
  });
});
