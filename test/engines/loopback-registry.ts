import { createHash, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";

/** A registry on loopback with one image, `<host>/acme/web:1` (OCI distribution specification, pull). */
export type LoopbackRegistry = AsyncDisposable & {
  /** `127.0.0.1:<port>` */
  host: string;
  image: string;
};

/** Starts one; with `login`, only who sends these credentials may pull. */
export async function startRegistry(login?: { username: string; password: string }): Promise<LoopbackRegistry> {
  const tar = archive("hello", randomBytes(1024 ** 2));
  const layer = gzipSync(tar);
  const config = Buffer.from(
    JSON.stringify({
      architecture: "amd64",
      os: "linux",
      config: { User: "1000", Labels: { from: "registry" }, Cmd: ["/hello"] },
      rootfs: { type: "layers", diff_ids: [digestOf(tar)] },
    }),
  );
  const type = "application/vnd.docker.distribution.manifest.v2+json";
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: type,
      config: {
        mediaType: "application/vnd.docker.container.image.v1+json",
        size: config.length,
        digest: digestOf(config),
      },
      layers: [
        { mediaType: "application/vnd.docker.image.rootfs.diff.tar.gzip", size: layer.length, digest: digestOf(layer) },
      ],
    }),
  );
  const contents: Record<string, { body: Buffer; type: string }> = {
    "/v2/": { body: Buffer.from("{}"), type: "application/json" },
    "/v2/acme/web/manifests/1": { body: manifest, type },
    [`/v2/acme/web/manifests/${digestOf(manifest)}`]: { body: manifest, type },
    [`/v2/acme/web/blobs/${digestOf(config)}`]: { body: config, type: "application/octet-stream" },
    [`/v2/acme/web/blobs/${digestOf(layer)}`]: { body: layer, type: "application/octet-stream" },
  };
  const wanted = login && `Basic ${Buffer.from(`${login.username}:${login.password}`).toString("base64")}`;
  const server = createServer((request, response) => {
    const content = contents[request.url ?? ""];
    if (wanted !== undefined && request.headers.authorization !== wanted) {
      response.writeHead(401, { "www-authenticate": 'Basic realm="test"', "content-type": "application/json" });
      response.end('{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}');
    } else if (content) {
      const headers = { "content-type": content.type, "content-length": content.body.length };
      response.writeHead(200, { ...headers, "docker-content-digest": digestOf(content.body) });
      response.end(request.method === "HEAD" ? undefined : content.body);
    } else {
      response.writeHead(404, { "content-type": "application/json" });
      response.end('{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}');
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    host,
    image: `${host}/acme/web:1`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function digestOf(data: Buffer): string {
  return `sha256:${createHash("sha256").update(data).digest("hex")}`;
}

/** A tar archive of one file (POSIX ustar). */
function archive(name: string, data: Buffer): Buffer {
  const header = Buffer.alloc(512);
  const octal = (value: number, length: number) => `${value.toString(8).padStart(length - 1, "0")}\0`;
  const fields: [number, string][] = [
    [0, name],
    [100, octal(0o755, 8)],
    [108, octal(0, 8)],
    [116, octal(0, 8)],
    [124, octal(data.length, 12)],
    [136, octal(0, 12)],
    [148, " ".repeat(8)],
    [156, "0"],
    [257, "ustar\0"],
    [263, "00"],
  ];
  for (const [offset, text] of fields) header.write(text, offset, "latin1");
  header.write(
    octal(
      header.reduce((sum, byte) => sum + byte, 0),
      7,
    ),
    148,
    "latin1",
  );
  return Buffer.concat([header, data, Buffer.alloc((512 - (data.length % 512)) % 512), Buffer.alloc(1024)]);
}
