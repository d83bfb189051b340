/**
 * SafeLink: which addresses a link may have. Links arrive in updates that anybody can write, so this is asked where a
 * link is shown, not only where it is typed.
 */
const allowed = new Set(["http:", "https:", "mailto:"]);

/** The address to show a link with, or undefined if it must not lead anywhere. */
export function safeHref(href: unknown): string | undefined {
  if (typeof href !== "string" || href.length > 2_048) return undefined;
  try {
    const url = new URL(href);
    return allowed.has(url.protocol) ? url.href : undefined;
  } catch {
    return undefined; // Relative, or no address at all.
  }
}

/** What a person typed into the link field, as an address; "example.org" becomes https, a mail address becomes mailto. */
export function hrefOfTyped(typed: string): string | undefined {
  const text = typed.trim();
  if (text === "") return undefined;
  if (/^[^\s@/:]+@[^\s@/:]+\.[^\s@/:]+$/.test(text)) return safeHref(`mailto:${text}`);
  return safeHref(/^[a-z][a-z\d+.-]*:/i.test(text) && !/^[\w.-]+:\d+(\/|$)/.test(text) ? text : `https://${text}`);
}
