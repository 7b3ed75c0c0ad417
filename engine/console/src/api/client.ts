/** Asks the gateway, and says what went wrong in its own words. */
import type { Problem } from "./model.ts";

export class Refusal extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }
  get kind(): string {
    return this.problem.type.split(":").pop() ?? "";
  }
}

const AWAY: Problem = {
  type: "urn:gridwhistle:problem:unreachable",
  title: "The gateway does not answer",
  status: 0,
  detail: "the gateway does not answer",
};

/** Called when a session has ended: whoever watches shows the sign-in. */
export const whenSignedOut: { call: () => void } = { call: () => {} };

/** Every POST has a key, so that one sent again counts once. */
export function drawnKey(): string {
  return crypto.randomUUID?.() ?? Array.from(crypto.getRandomValues(new Uint32Array(4)), (n) => n.toString(36)).join("");
}

export interface Options {
  method?: "GET" | "POST" | "DELETE";
  body?: unknown;
  /** A picture, sent as it is. */
  content?: Blob;
  version?: number | undefined;
  key?: string;
}

async function problemOf(response: Response): Promise<Problem> {
  try {
    return (await response.json()) as Problem;
  } catch {
    return { ...AWAY, status: response.status, title: response.statusText, detail: response.statusText };
  }
}

function asked(options: Options): RequestInit {
  const sends = options.content ?? (options.body === undefined ? undefined : JSON.stringify(options.body));
  const method = options.method ?? (sends === undefined ? "GET" : "POST");
  const headers: Record<string, string> = {};
  if (sends !== undefined) headers["content-type"] = options.content?.type ?? "application/json";
  if (method === "POST") headers["idempotency-key"] = options.key ?? drawnKey();
  if (options.version !== undefined) headers["if-match"] = `"${options.version}"`;
  return { method, headers, ...(sends === undefined ? {} : { body: sends }) };
}

async function answered(path: string, options: Options): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, asked(options));
  } catch {
    throw new Refusal(AWAY);
  }
  if (response.ok) return response;
  const refusal = new Refusal(await problemOf(response));
  if (response.status === 401 && path !== "/v1/session") whenSignedOut.call();
  throw refusal;
}

/** Ask, and give what was answered; a Refusal says what else. */
export async function ask<T>(path: string, options: Options = {}): Promise<T> {
  const response = await answered(path, options);
  return (response.status === 204 ? undefined : await response.json()) as T;
}

/** Have a file made, and hand it to the browser under the name that it was given. */
export async function download(path: string): Promise<void> {
  const response = await answered(path, { method: "POST" });
  const content = await response.blob();
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = /filename="([\w.-]+)"/.exec(response.headers.get("content-disposition") ?? "")?.[1] ?? "export.csv";
  link.click();
  URL.revokeObjectURL(link.href);
}

export const ticketPath = (id: string): string => `/v1/tickets/${encodeURIComponent(id)}`;
