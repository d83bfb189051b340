/**
 * UseDeviceRooms: what this device holds, read again as long as something waits to be sent or it cannot be read, so that the start page says
 * when it was.
 */
import type { DeviceRoom, Inkmesh } from "@inkmesh/client";
import { useEffect, useState } from "preact/hooks";

const againMs = 2_000;

export interface DeviceRooms {
  /** What was read last; undefined until the device's store was read. */
  readonly rooms: readonly DeviceRoom[] | undefined;
  /** The last look failed: that is not the same as nothing being there. */
  readonly isUnreadable: boolean;
}

/** `round`: a change of it asks for another look at once. */
export function useDeviceRooms(mesh: Inkmesh, round: unknown): DeviceRooms {
  const [rooms, setRooms] = useState<DeviceRooms>({ rooms: undefined, isUnreadable: false });
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isCurrent = true;
    const look = async () => {
      const found = await mesh.deviceRooms().catch(() => undefined);
      if (!isCurrent) return;
      setRooms((before) => ({ rooms: found ?? before.rooms, isUnreadable: found === undefined }));
      if (found?.some(({ waiting }) => waiting > 0) ?? true) timer = setTimeout(() => void look(), againMs);
    };
    void look();
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [mesh, round]);
  return rooms;
}
