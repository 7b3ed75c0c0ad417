/** The second of two clicks: what changes, why, and then it is the law. */
import { useState } from "preact/hooks";
import { ask } from "../api/client.ts";
import type { Pack } from "../api/model.ts";
import { pack } from "../api/session.ts";
import { t } from "../i18n/index.ts";
import { Dialog } from "../ui/dialog.tsx";
import { FormEnd } from "../ui/form-end.tsx";
import { tell, tellProblem } from "../ui/toasts.tsx";
import { Sections } from "./findings.tsx";
import type { Tried } from "./model.ts";

export function Publish({ tried, close, done }: { tried: Tried; close: () => void; done: () => void }) {
  const [reason, setReason] = useState("");
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: Event) => {
    event.preventDefault();
    if (isBusy) return;
    setBusy(true);
    try {
      await ask("/v1/packs/publish", { body: { ref: tried.ref, reason } });
      pack.value = await ask<Pack>("/v1/packs/in-force");
      tell(t("law.published", { ref: tried.ref ?? "" }));
      done();
    } catch (error) {
      tellProblem(error);
      setBusy(false);
    }
  };
  return (
    <Dialog title={t("law.publish")} close={close}>
      <form class="law-publish" onSubmit={(event) => void submit(event)}>
        <p>
          {t("law.replaces")} <span class="id">{tried.in_force}</span> → <span class="id">{tried.ref}</span>
        </p>
        <Sections changed={tried.differences ?? []} />
        <p class="muted">{t("law.open_keep")}</p>
        <label>
          {t("law.reason")}
          <textarea name="reason" required minLength={4} maxLength={500} rows={3} value={reason} onInput={(event) => setReason(event.currentTarget.value)} />
        </label>
        <FormEnd label={t("law.put_in_force")} busy={t("law.publishing")} isBusy={isBusy} isUnfit={reason.trim().length < 4} close={close} />
      </form>
    </Dialog>
  );
}
