/** Reads a small archive: what is packed in it, no larger than it may be. Pure but for the browser's own inflating. */

const ENTRY = 0x02014b50;
const LOCAL = 0x04034b50;
const END = 0x06054b50;
export const MOST_BYTES = 1 << 20;
export const MOST_ENTRIES = 64;

export class NoZip extends Error {}

interface Entry {
  name: string;
  method: number;
  packed: number;
  size: number;
  at: number;
}

function endOf(view: DataView): number {
  for (let at = view.byteLength - 22; at >= Math.max(0, view.byteLength - 65_557); at--) {
    if (view.getUint32(at, true) === END) return at;
  }
  throw new NoZip("no end");
}

function entriesOf(view: DataView, bytes: Uint8Array): Entry[] {
  const end = endOf(view);
  const count = view.getUint16(end + 10, true);
  if (count > MOST_ENTRIES) throw new NoZip("too many");
  const found: Entry[] = [];
  for (let n = 0, at = view.getUint32(end + 16, true); n < count; n++) {
    if (view.getUint32(at, true) !== ENTRY) throw new NoZip("no entry");
    const length = view.getUint16(at + 28, true);
    found.push({
      name: new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + length)),
      method: view.getUint16(at + 10, true),
      packed: view.getUint32(at + 20, true),
      size: view.getUint32(at + 24, true),
      at: view.getUint32(at + 42, true),
    });
    at += 46 + length + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return found;
}

/** Read to the end, no further than what an entry may be: what it says of its own size is not believed. */
async function bounded(stream: ReadableStream<Uint8Array>): Promise<string> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    size += value.byteLength;
    if (size > MOST_BYTES) {
      void reader.cancel().catch(() => undefined);
      throw new NoZip("too large");
    }
    text += decoder.decode(value, { stream: true });
  }
}

function textOf(entry: Entry, view: DataView, bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  if (view.getUint32(entry.at, true) !== LOCAL) throw new NoZip("no file");
  const begin = entry.at + 30 + view.getUint16(entry.at + 26, true) + view.getUint16(entry.at + 28, true);
  const stream = new Blob([bytes.subarray(begin, begin + entry.packed)]).stream();
  if (entry.method === 0) return bounded(stream);
  if (entry.method !== 8) throw new NoZip("packed otherwise");
  return bounded(stream.pipeThrough(new DecompressionStream("deflate-raw")));
}

/** The texts of an archive's files whose names are wanted, by their last part. */
export async function unzipped(buffer: ArrayBuffer, wanted: (name: string) => boolean): Promise<[string, string][]> {
  const bytes = new Uint8Array(buffer);
  const view = new DataView(buffer);
  try {
    const entries = entriesOf(view, bytes).map((entry) => ({ ...entry, name: entry.name.split("/").pop() ?? "" }));
    return await Promise.all(
      entries.filter((one) => wanted(one.name)).map(async (one): Promise<[string, string]> => [one.name, await textOf(one, view, bytes)]),
    );
  } catch (error) {
    throw error instanceof NoZip ? error : new NoZip(String(error));
  }
}
