// A relay inside an application, which says who may read and write what:
//   npm run build, then: node examples/embedded-relay/main.mjs 4400 ./data/embedded
import { createRelay } from "@inkmesh/server";

const [port = "4400", data = "./data/embedded"] = process.argv.slice(2);

// Yours would look into a session store, or verify a signed token.
const people = new Map([
  ["ada-1815", { user: "Ada", teams: ["engines"] }],
  ["bob-1913", { user: "Bob", teams: [] }],
]);

const relay = await createRelay({
  port: Number(port),
  data,
  log: "silent",
  async authorize({ token, room }) {
    const person = people.get(token);
    if (person === undefined) return { allow: false, reason: "Sign in first." };
    // Without a room it is about the list of all documents: nobody here may see that.
    if (room === undefined) return { allow: false };
    const [team] = room.split("/");
    return { allow: true, access: person.teams.includes(team) ? "write" : "read", user: person.user };
  },
});
console.log(`ready on ${relay.address}`);

process.once("SIGTERM", () => relay.stop());
