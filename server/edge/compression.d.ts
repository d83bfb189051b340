/** What we use of `compression`, which comes without types. */
declare module "compression" {
  import type { RequestHandler } from "express";
  export default function compression(): RequestHandler;
}
