/** The pages that a shift needs now and then, by the first step of their address. */
import type { JSX } from "preact";
import { CallbacksPage } from "./callbacks.tsx";
import { DutyPage } from "./duty.tsx";
import { HandoverPage } from "./handover.tsx";
import { NoticesPage } from "./notices.tsx";
import { OffersPage } from "./offers.tsx";
import { RecordsPage } from "./records.tsx";
import { WebhooksPage } from "./webhooks.tsx";

const PAGES: Record<string, () => JSX.Element> = {
  callbacks: CallbacksPage,
  duty: DutyPage,
  handover: HandoverPage,
  notices: NoticesPage,
  offers: OffersPage,
  records: RecordsPage,
  webhooks: WebhooksPage,
};

export function shiftPage(name: string | undefined): JSX.Element | null {
  const Page = PAGES[name ?? ""];
  return Page === undefined ? null : <Page />;
}
