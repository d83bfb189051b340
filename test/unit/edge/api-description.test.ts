import { afterEach, expect, test } from "vitest";
import type { Express } from "express";
import { anEdge } from "./an-edge.ts";

let edge: Awaited<ReturnType<typeof anEdge>> | undefined;
afterEach(() => edge?.close());

/** What of express' router this needs: its routes, and what is mounted in it, and where. */
interface Layer {
  readonly route?: { readonly path: string; readonly stack: readonly { readonly method: string }[] };
  readonly handle: { readonly stack?: readonly Layer[] };
  readonly rawPath?: unknown;
}

/** `GET /api/rooms/{room}`, … of all routes. */
function routesIn(layers: readonly Layer[], mount = ""): readonly string[] {
  return layers.flatMap(({ route, handle, rawPath }) => {
    if (route !== undefined) {
      const path = `${mount}${route.path}`.replace(/:(\w+)/g, "{$1}").replace(/(?<=.)\/$/, "");
      return route.stack.map(({ method }) => `${method.toUpperCase()} ${path}`);
    }
    if (handle.stack === undefined) return [];
    if (typeof rawPath !== "string") throw new Error("where a router is mounted is not known");
    return routesIn(handle.stack, rawPath === "/" ? mount : mount + rawPath);
  });
}

test("every route under /api is described, and every operation that is described has a route", async () => {
  const experiments = {
    state: () => ({ cut: [], isPaused: false, skewMs: 0 }),
    cutOff: () => {},
    pause: () => {},
    skew: () => {},
    kill: () => {},
  };
  edge = await anEdge({ experiments });
  const description = (await (await fetch(`${edge.address}/api/openapi.json`)).json()) as {
    paths: Record<string, Record<string, { operationId: string }>>;
  };
  const operations = Object.entries(description.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const [app] = edge.http.listeners("request") as [Express];
  // A route with a body parser before its handler has two layers of one method.
  const routes = [...new Set(routesIn((app.router as unknown as { stack: readonly Layer[] }).stack))];
  expect(routes.filter((route) => route.includes(" /api")).toSorted()).toEqual(operations.toSorted());
  expect(routes).toContain("GET /health");
  const ids = Object.values(description.paths).flatMap((methods) => Object.values(methods).map(({ operationId }) => operationId));
  expect(new Set(ids).size).toBe(ids.length);
});
