/**
 * VersionNotice: this page and the relay cannot understand each other; which of them is older, and what helps.
 */
import type { MeshStatus } from "@inkmesh/client";

export function VersionNotice({ outdated }: { outdated: NonNullable<MeshStatus["outdated"]> }) {
  if (outdated === "relay") {
    return (
      <section class="banner care" role="alert">
        <p>
          The relay is older than this page and does not understand it. Its operator has to bring it up to date. You can go on writing: your
          edits stay on this device and are sent then.
        </p>
      </section>
    );
  }
  return (
    <section class="banner care" role="alert">
      <p>
        This page is older than the relay, which does not understand it any more. Reload the page: your edits are kept on this device and
        sent then.
      </p>
      <button type="button" class="button small primary" onClick={() => location.reload()}>
        Reload
      </button>
    </section>
  );
}
