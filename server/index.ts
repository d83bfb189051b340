/**
 * @inkmesh/server: a relay inside an application of yours. What `inkmesh relay` takes as options, `createRelay` takes by the same names.
 */
export { createRelay, type CreateRelayOptions } from "./create-relay.ts";
export type { RunningRelay } from "./main.ts";
export type { AccessAnswer, AccessRequest, Authorize } from "./runtime/access-control.ts";
