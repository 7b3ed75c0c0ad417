/** What came with a report and lies elsewhere: shown as an address, opened where somebody clicks it, never fetched. */
import { useEffect, useState } from "preact/hooks";
import { ask, ticketPath } from "../api/client.ts";
import { t } from "../i18n/index.ts";
import { Icon } from "./icon.tsx";

interface Told {
  attachments: { address: string; is_whole: boolean }[];
  gone: boolean;
}

const NONE: Told = { attachments: [], gone: false };

/** What a report came with never changes: asked for once by a page, and not with every change of its ticket. */
const asked = new Map<string, Promise<Told>>();

function of(id: string): Promise<Told> {
  const found = asked.get(id) ?? ask<Told>(`${ticketPath(id)}/attachments`);
  asked.set(id, found);
  found.catch(() => asked.delete(id));
  return found;
}

export function Attachments({ id }: { id: string }) {
  const [{ attachments, gone }, setTold] = useState(NONE);
  useEffect(() => {
    let isOver = false;
    of(id).then(
      (told) => !isOver && setTold(told),
      () => undefined, // without an archive, or with Kafka away, the page says so already
    );
    return () => {
      isOver = true;
    };
  }, [id]);
  if (attachments.length === 0) return gone ? <p class="muted">{t("attachments_gone")}</p> : null;
  return (
    <section class="attachments" aria-label={t("attachments")}>
      <h3>
        {t("attachments")} <span class="n">{t("rows", { n: attachments.length })}</span>
      </h3>
      <p class="muted">{t("attachments_say")}</p>
      <ul class="proof">
        {attachments.map(({ address, is_whole }, at) => (
          <li key={at}>
            <Icon name="proof" />{" "}
            {is_whole ? (
              <a href={address} rel="noopener noreferrer" target="_blank">
                <bdi>{address}</bdi>
              </a>
            ) : (
              <bdi>{address}</bdi>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
