/** The hub where all tabs of a browser share one worker. */
import { Hub, type Batch, type Port } from "./hub.ts";

export type ToHub = { type: "hello"; who: string } | { type: "here" } | { type: "bye" };

const hub = new Hub();

(self as unknown as { onconnect: (event: MessageEvent) => void }).onconnect = (event) => {
  const channel = event.ports[0]!;
  const port: Port = { send: (batch: Batch) => channel.postMessage(batch) };
  channel.onmessage = ({ data }: MessageEvent<ToHub>) => {
    if (data.type === "hello") hub.add(port, data.who);
    else if (data.type === "here") hub.here(port);
    else hub.drop(port);
  };
};
