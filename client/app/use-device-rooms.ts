/**
 * UseDeviceRooms: what this device holds, read again as long as something waits to be sent, so that the start page says
 * when it was.
 */
import type { DeviceRoom, Inkmesh } from "@inkmesh/client";
import { useEffect, useState } from "preact/hooks";

const againMs = 2_000;

/** Undefined until the device's store was read. `round`: a change of it asks for another look at once. */
export function useDeviceRooms(mesh: Inkmesh, round: unknown): readonly DeviceRoom[] | undefined {
  const [rooms, setRooms] = useState<readonly DeviceRoom[]>();
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isCurrent = true;
    const look = async () => {
      const found = await mesh.deviceRooms().catch(() => []);
      if (!isCurrent) return;
      setRooms(found);
      if (found.some(({ waiting }) => waiting > 0)) timer = setTimeout(() => void look(), againMs);
    };
    void look();
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [mesh, round]);
  return rooms;
}
