/** Pictures as proof: made small before they are sent, and named by what is kept of them. */
import { ask, ticketPath } from "../api/client.ts";

/** Points of the longer side: a number plate across a street can be read, and a picture is a few hundred kilobytes. */
export const MOST_POINTS = 1600;
const QUALITY = 0.82;

/** The size at which a picture is kept; none is made larger. */
export function fitted(width: number, height: number, most = MOST_POINTS): [number, number] {
  const factor = Math.min(1, most / Math.max(width, height));
  return [Math.max(1, Math.round(width * factor)), Math.max(1, Math.round(height * factor))];
}

/** The name of a picture that the gateway keeps, out of a proof; `null`: it is another proof. */
export function photoOf(proof: string): string | null {
  return /^photo:([0-9a-f]{64})$/.exec(proof)?.[1] ?? null;
}

export const photoPath = (ticket: string, name: string): string => `${ticketPath(ticket)}/photos/${name}`;

/** Draw it anew, upright and small: what a camera wrote beside it, the place above all, is not drawn. */
async function drawn(file: Blob): Promise<Blob | null> {
  const picture = await createImageBitmap(file);
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = fitted(picture.width, picture.height);
  const pen = canvas.getContext("2d");
  if (pen === null) return null;
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  return await new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
}

/** Send a picture; answers how a command names it, or `null` where this browser cannot read it. */
export async function sent(ticket: string, file: Blob): Promise<string | null> {
  const content = await drawn(file).catch(() => null);
  if (content === null) return null;
  return (await ask<{ proof: string }>(`${ticketPath(ticket)}/photos`, { content })).proof;
}
