/**
 * The editor's files, as Vite built them.
 *
 * Assets carry a hash in their names and are kept for ever; pages are asked for anew each time. `/` and `/d/…` are the
 * page; anything else that is not a file is a 404, never the page: a missing script must not come as HTML.
 */
import { existsSync } from "node:fs";
import * as path from "node:path";
import express, { type RequestHandler, type Router } from "express";
import sirv from "sirv";

const notBuilt = `<!doctype html><meta charset="utf-8"><title>Inkmesh</title>
<p>This relay works, but its editor is not built. In the project's folder, run <code>npm run build</code> and restart the relay.</p>
`;

/** `folder` holds `index.html` and `assets/`; undefined when this relay comes without an editor. */
export function appFiles(folder: string | undefined): Router {
  const router = express.Router({ caseSensitive: true });
  const pages = ["/", "/d/*rest"];
  if (folder === undefined || !existsSync(path.join(folder, "index.html"))) {
    router.get(pages, (_request, response) => void response.status(503).type("html").send(notBuilt));
    return router;
  }
  const files = fileHandler(folder);
  router.get(pages, (request, response, next) => {
    request.url = "/index.html";
    files(request, response, next);
  });
  router.use(files);
  return router;
}

function fileHandler(folder: string): RequestHandler {
  const files = sirv(folder, {
    etag: true,
    setHeaders: (response, pathname) => {
      response.setHeader("Cache-Control", pathname.startsWith("/assets/") ? "public, max-age=31536000, immutable" : "no-cache");
    },
  });
  return (request, response, next) => files(request, response, () => next());
}
