import assert from "node:assert/strict";
import test from "node:test";
import { MOST_BYTES, NoZip, unzipped } from "../src/lib/zip.ts";

async function deflated(text: string): Promise<Uint8Array> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function numbers(...pairs: [number, 2 | 4][]): number[] {
  return pairs.flatMap(([n, size]) => Array.from({ length: size }, (_, at) => (n >>> (8 * at)) & 255));
}

/** As any archiver writes it: each file behind a head, then the list, then its end. */
async function archive(files: Record<string, string>, method: 0 | 8): Promise<ArrayBuffer> {
  const all: number[] = [];
  const list: number[] = [];
  for (const [name, text] of Object.entries(files)) {
    const named = new TextEncoder().encode(name);
    const packed = method === 8 ? await deflated(text) : new TextEncoder().encode(text);
    const at = all.length;
    const common = numbers([20, 2], [0, 2], [method, 2], [0, 4], [0, 4], [packed.length, 4], [text.length, 4], [named.length, 2], [0, 2]);
    all.push(...numbers([0x04034b50, 4]), ...common, ...named, ...packed);
    list.push(...numbers([0x02014b50, 4], [20, 2]), ...common, ...numbers([0, 2], [0, 2], [0, 2], [0, 4], [at, 4]), ...named);
  }
  const count = Object.keys(files).length;
  const end = numbers([0x06054b50, 4], [0, 4], [count, 2], [count, 2], [list.length, 4], [all.length, 4], [0, 2]);
  return new Uint8Array([...all, ...list, ...end]).buffer;
}

async function fails(run: Promise<unknown>): Promise<boolean> {
  return run.then(() => false, (error: unknown) => error instanceof NoZip);
}

const isYaml = (name: string): boolean => name.endsWith(".yaml");

test("an archive's files are read by their last name, packed or not", async () => {
  const files = { "town/pack.yaml": "name: 管城\n", "town/notes.txt": "no", "grid.yaml": "nodes: []\n" };
  for (const method of [0, 8] as const) {
    const found = await unzipped(await archive(files, method), isYaml);
    assert.deepEqual(found, [["pack.yaml", "name: 管城\n"], ["grid.yaml", "nodes: []\n"]]);
  }
});

test("what swells beyond a pack, or is no archive, is refused", async () => {
  assert.ok(await fails(unzipped(await archive({ "pack.yaml": "x".repeat(MOST_BYTES + 1) }, 8), isYaml)));
  assert.ok(await fails(unzipped(new TextEncoder().encode("name: town").buffer as ArrayBuffer, isYaml)));
  const many = Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`${n}.yaml`, ""]));
  assert.ok(await fails(unzipped(await archive(many, 0), isYaml)));
});
