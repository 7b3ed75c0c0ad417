/** A form's deed. Sent again because nobody knows whether it came through, it counts once; changed, or given anew after
 * an answer, it is another. */
import { Refusal, ask, drawnKey } from "../api/client.ts";

/** Whether it may have come through all the same: nothing came back, or a fault, or it is under way still. */
export function isUnknown(error: unknown): boolean {
  return error instanceof Refusal && (error.problem.status === 0 || error.problem.status >= 500 || error.kind === "under-way");
}

export class Once {
  private key = "";
  private said = "";

  async ask<T>(path: string, body: unknown, version?: number): Promise<T> {
    const said = JSON.stringify(body);
    if (said !== this.said) [this.said, this.key] = [said, drawnKey()];
    try {
      const found = await ask<T>(path, { body, version, key: this.key });
      this.said = "";
      return found;
    } catch (error) {
      if (!isUnknown(error)) this.said = "";
      throw error;
    }
  }
}
