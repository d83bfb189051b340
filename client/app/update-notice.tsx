/**
 * UpdateNotice: says that a new version of the app is here, once, and puts it to use when somebody wants it.
 */
import { useEffect, useState } from "preact/hooks";
import type { AppStatus, InstalledApp } from "./installed-app.ts";
import { Notice } from "./notice.tsx";
import type { UpdateOutcome } from "./service-worker/update-message.ts";

export function UpdateNotice({ app }: { app: InstalledApp }) {
  const { isNewReady } = useAppStatus(app);
  const [isDismissed, dismiss] = useState(false);
  const [outcome, setOutcome] = useState<UpdateOutcome>();
  if (!isNewReady || isDismissed) return null;
  const use = async () => {
    setOutcome(undefined);
    setOutcome(await app.use());
  };
  return (
    <Notice onDismiss={() => dismiss(true)} actions={[{ label: "Use it now", onPress: () => void use() }]}>
      {outcome === undefined
        ? "A new version is ready. Using it reloads every tab; nothing typed is lost."
        : (putOffWords(outcome) ?? "The new version is being opened…")}
    </Notice>
  );
}

/** The state of the installed app, kept up to date. */
export function useAppStatus(app: InstalledApp): AppStatus {
  const [status, setStatus] = useState(app.status);
  useEffect(() => {
    const look = () => setStatus(app.status);
    look();
    return app.on(look);
  }, [app]);
  return status;
}

/** Why a new version is not used now; undefined when it is. */
export function putOffWords(outcome: UpdateOutcome): string | undefined {
  if (outcome.type === "in-use") return undefined;
  return outcome.because === "no-answer"
    ? "Not now: another tab does not answer. Look at it or close it, then try again."
    : "Not now: in one of the tabs something typed is not on this device’s disk yet. Try again in a moment.";
}
