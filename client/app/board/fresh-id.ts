/**
 * FreshId: names of new columns and cards. Random, so that two devices that are offline never give one name to two cards; 12 letters of 32 are 60 bits, and
 * a board is no world.
 */
const letters = "0123456789abcdefghjkmnpqrstvwxyz";

export function drawId(): string {
  return [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => letters[byte % letters.length]).join("");
}
