/**
 * VersionNotice: this page and the relay cannot understand each other; which of them is older, and what helps.
 */
import type { MeshStatus } from "@inkmesh/client";

interface VersionNoticeProps {
  readonly outdated: NonNullable<MeshStatus["outdated"]>;
  /** Brings the page up to date; answers in words why it is not done now, if so. */
  readonly onRenew: () => Promise<string | undefined>;
  readonly onSay: (sentence: string) => void;
}

export function VersionNotice({ outdated, onRenew, onSay }: VersionNoticeProps) {
  const renew = async () => {
    const why = await onRenew();
    if (why !== undefined) onSay(why);
  };
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
      <button type="button" class="button small primary" onClick={() => void renew()}>
        Reload
      </button>
    </section>
  );
}
