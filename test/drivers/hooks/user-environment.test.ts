import { describe, expect, it } from "vitest";

import { withContainerPath } from "../../../src/drivers/hooks/user-environment.ts";

const CASES: { title: string; shell: string; container: string; root?: boolean; path: string }[] = [
  { title: "stays when it has all of it", shell: "/b:/a", container: "/a:/b", path: "/b:/a" },
  {
    title: "gets missing folders in front",
    shell: "/usr/bin:/bin",
    container: "/go/bin:/usr/bin",
    path: "/go/bin:/usr/bin:/bin",
  },
  {
    title: "gets a missing folder behind the one before it",
    shell: "/x:/a:/y",
    container: "/a:/b:/c",
    path: "/x:/a:/b:/c:/y",
  },
  { title: "gets no sbin for users", shell: "/bin", container: "/usr/sbin:/bin:/sbin/", path: "/bin" },
  { title: "gets sbin for root", shell: "/bin", container: "/usr/sbin:/bin", root: true, path: "/usr/sbin:/bin" },
];

describe("the PATH of a shell", () => {
  it.each(CASES)("$title", ({ shell, container, root = false, path }) => {
    expect(withContainerPath({ PATH: shell, A: "1" }, { PATH: container }, root)).toEqual({ PATH: path, A: "1" });
  });

  it("is left alone when the container has none, and none is made up", () => {
    expect(withContainerPath({ PATH: "/bin" }, {}, false)).toEqual({ PATH: "/bin" });
    expect(withContainerPath({ A: "1" }, { PATH: "/bin" }, false)).toEqual({ A: "1" });
  });
});
