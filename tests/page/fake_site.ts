// The built site with the server in memory behind it: every state of the account's views at will.
import { createServer } from "node:http";
import { existsSync, readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import type { FakeServer } from "../fake_server.ts";
import { site, TYPES, type Served } from "./harness.ts";

const COOKIE = /(?:^|; )fake=(\w+)/;

export async function serveFake(fake: FakeServer, directory = site): Promise<Served> {
  const requests: string[] = [];
  const http = createServer((request, response) => {
    void (async () => {
      const path = (request.url ?? "/").split("?")[0] ?? "/";
      requests.push(path);
      if (!path.startsWith("/api/")) {
        const file = join(directory, normalize(path === "/" ? "index.html" : path));
        const type = TYPES[extname(file)] ?? "application/octet-stream";
        if (!existsSync(file)) response.writeHead(404).end();
        else response.writeHead(200, { "content-type": type }).end(readFileSync(file));
        return;
      }
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const { method = "GET", headers } = request;
      const asked = new Request(`http://127.0.0.1${request.url ?? ""}`, {
        method,
        headers: headers as Record<string, string>,
        ...(method === "GET" ? {} : { body: Buffer.concat(chunks) }),
      });
      const reply = await fake.handle(asked, COOKIE.exec(headers.cookie ?? "")?.[1] ?? null);
      const session = reply.headers.get("x-session");
      if (session !== null) {
        const gone = session === "" ? "; Max-Age=0" : "";
        response.setHeader(
          "set-cookie",
          `fake=${session}; HttpOnly; SameSite=Strict; Path=/${gone}`,
        );
      }
      const type = reply.headers.get("content-type");
      if (type !== null) response.setHeader("content-type", type);
      response.writeHead(reply.status).end(Buffer.from(await reply.arrayBuffer()));
    })().catch((error: unknown) => response.destroy(error as Error));
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/`,
    requests,
    close: () =>
      new Promise((resolve) => {
        http.close(() => resolve());
        http.closeAllConnections();
      }),
  };
}
