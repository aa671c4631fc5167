// Reads server-sent events, however the bytes were cut on their way.

// Gathers the `data` of each event from text that comes in pieces. An event that was not ended by an empty line is none.
export class EventParser {
  #rest = "";
  #data = [];
  #afterReturn = false;

  // The data of the events that this piece completes.
  feed(piece) {
    if (piece === "") return [];
    let text = piece;
    // A line end of two characters may have come in two pieces.
    if (this.#afterReturn && text.startsWith("\n")) text = text.slice(1);
    this.#afterReturn = text === "" ? false : text.endsWith("\r");
    const lines = (this.#rest + text).split(/\r\n|\r|\n/);
    this.#rest = lines.pop();
    const complete = [];
    for (const line of lines) {
      if (line === "") {
        if (this.#data.length > 0) complete.push(this.#data.join("\n"));
        this.#data = [];
      } else {
        this.#take(line);
      }
    }
    return complete;
  }

  #take(line) {
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    if (name !== "data") return; // comments have no name; other fields say nothing here
    const value = colon < 0 ? "" : line.slice(colon + 1);
    this.#data.push(value.startsWith(" ") ? value.slice(1) : value);
  }
}

// The data of each event of a response's body (a ReadableStream of bytes).
export async function* readEvents(body) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const parser = new EventParser();
  let ended = false;
  try {
    while (!ended) {
      const { done, value } = await reader.read();
      ended = done;
      if (!done) yield* parser.feed(decoder.decode(value, { stream: true }));
    }
  } finally {
    // When nobody reads on, the service is to stop its work.
    if (!ended) reader.cancel().catch(() => {});
  }
}
