/**
 * Addresses as an operator gives them: of relays, of pages that may connect, and of an application that is asked.
 */
import { isMeshAddress } from "@inkmesh/shared/wire/mesh-layout";
import * as z from "zod";

/** An address of a relay ends in a path, `/mesh` unless a proxy has another, and carries no credentials. */
const isPlainAddress = ({ pathname, hash, username, password }: URL): boolean => pathname !== "/" && `${hash}${username}${password}` === "";

/** As it is compared with others. */
export const meshAddress = z
  .string()
  .refine((text) => isMeshAddress(text) && URL.canParse(text) && isPlainAddress(new URL(text)))
  .transform((text) => new URL(text).href);

/** Of an application. */
export const webAddress = z.string().refine((text) => {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password } = new URL(text);
  return /^https?:$/.test(protocol) && `${username}${password}` === "";
});

/** Of a page: scheme and host without a path. */
export const origin = z.string().refine((text) => URL.canParse(text) && new URL(text).origin === text);
