/**
 * The editor's files, as Vite built them.
 *
 * Assets carry a hash in their names and are kept for ever; everything else, the page and its service worker above all,
 * is asked for anew each time. `/` and `/d/…` are the page; anything else that is not a file is a 404, never the page: a
 * missing script must not come as HTML. Files are looked up at every request, since a new build may replace them while
 * the relay runs. `/mesh-view` is a page of its own.
 */
import { existsSync } from "node:fs";
import * as path from "node:path";
import express, { type RequestHandler, type Router } from "express";

const notBuilt = `<!doctype html><meta charset="utf-8"><title>Inkmesh</title>
<p>This relay works, but its editor is not built. In the project's folder, run <code>npm run build</code> and restart the relay.</p>
`;

/** `folder` holds `index.html` and `assets/`; undefined when this relay comes without an editor. */
export function appFiles(folder: string | undefined): Router {
  const router = express.Router({ caseSensitive: true });
  const pages = ["/", "/d/*rest"];
  if (folder === undefined || !existsSync(path.join(folder, "index.html"))) {
    router.get([...pages, "/mesh-view"], (_request, response) => void response.status(503).type("html").send(notBuilt));
    return router;
  }
  const files = fileHandler(folder);
  router.get("/mesh-view", (request, response, next) => {
    request.url = "/mesh-view.html";
    files(request, response, next);
  });
  router.get(pages, (request, response, next) => {
    request.url = "/index.html";
    files(request, response, next);
  });
  router.use(files);
  return router;
}

function fileHandler(folder: string): RequestHandler {
  return express.static(folder, {
    cacheControl: false,
    index: false,
    redirect: false,
    setHeaders: (response, file) => {
      const isAsset = file.startsWith(path.join(folder, "assets") + path.sep);
      response.setHeader("Cache-Control", isAsset ? "public, max-age=31536000, immutable" : "no-cache");
    },
  });
}
