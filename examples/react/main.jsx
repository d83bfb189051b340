// A shared list in React by our own client: a hook reads the document, a form writes into it.
//   npm start, then: npx vite examples/react --open "/?room=notes"
import { Inkmesh } from "@inkmesh/client";
import { useEffect, useState } from "react";
import { createRoot } from "react-dom/client";

const said = new URLSearchParams(location.search);
const mesh = new Inkmesh({ url: `${said.get("relay") ?? "ws://127.0.0.1:4400"}/sync` });
const room = mesh.open(said.get("room") ?? "notes");
const text = room.doc.getText("text");

/** The document's lines, and how safe they are, as they are now. */
function useDocument() {
  const read = () => ({ lines: text.toString().split("\n").filter(Boolean), status: room.status });
  const [shown, show] = useState(read);
  useEffect(() => {
    const update = () => show(read());
    text.observe(update);
    const unlisten = room.on("status", update);
    update();
    return () => {
      text.unobserve(update);
      unlisten();
    };
  }, []);
  return shown;
}

function App() {
  const { lines, status } = useDocument();
  const [line, setLine] = useState("");
  const add = (event) => {
    event.preventDefault();
    if (line === "") return;
    const isLineEnded = text.length === 0 || text.toString().endsWith("\n");
    text.insert(text.length, `${isLineEnded ? "" : "\n"}${line}\n`);
    setLine("");
  };
  return (
    <>
      <p role="status">{status.phase === "saved" ? `saved on ${status.copies} of ${status.replicas}` : status.phase}</p>
      <ul>
        {lines.map((each, index) => (
          <li key={index}>{each}</li>
        ))}
      </ul>
      <form onSubmit={add}>
        <input aria-label="A new line" value={line} onChange={(event) => setLine(event.target.value)} />
        <button>Add</button>
      </form>
    </>
  );
}

createRoot(document.querySelector("#app")).render(<App />);
