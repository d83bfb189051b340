/**
 * Store version 3: how documents came to be. `segment`: what one author wrote in one minute (`history-segment.ts`), with the number of the
 * snapshot with which it was written. The state with which a history begins is a row of `snapshot` whose `verified` is 2.
 *
 * A store of version 2 kept no history: that of a document begins with the snapshot that it has.
 */
export const historySegments = `
  CREATE TABLE segment (
    id INTEGER PRIMARY KEY, lineage INTEGER NOT NULL, snapshot INTEGER NOT NULL, minute INTEGER NOT NULL, body BLOB NOT NULL,
    crc INTEGER NOT NULL
  );
  CREATE INDEX segment_of_lineage ON segment (lineage, minute);
  CREATE INDEX segment_of_snapshot ON segment (snapshot);
`;
