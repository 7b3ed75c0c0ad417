import { signal } from "@preact/signals";
import { useState } from "preact/hooks";
import { t } from "../i18n/index.ts";
import { photoOf, photoPath, sent } from "../lib/photos.ts";
import { Icon } from "./icon.tsx";
import { tell, tellProblem } from "./toasts.tsx";

/** How many pictures are on their way: a form waits for them. */
export const onTheirWay = signal(0);

/** A picture as it is shown; it opens whole in a tab of its own. */
export function Photo({ ticket, name, label }: { ticket: string; name: string; label: string }) {
  const [isGone, setGone] = useState(false);
  if (isGone) return <span class="muted">{t("photo_gone", { name: name.slice(0, 8) })}</span>;
  return (
    <a href={photoPath(ticket, name)} target="_blank" rel="noopener noreferrer">
      <img class="photo" src={photoPath(ticket, name)} alt={label} loading="lazy" onError={() => setGone(true)} />
    </a>
  );
}

function Pick({ label, isCamera, add }: { label: string; isCamera: boolean; add: (files: File[]) => void }) {
  return (
    <label class="pick">
      <input
        type="file"
        accept="image/*"
        multiple={!isCamera}
        {...(isCamera ? { capture: "environment" as const } : {})}
        onChange={(event) => {
          const input = event.currentTarget as HTMLInputElement;
          add([...(input.files ?? [])]);
          input.value = ""; // the same one may be chosen again
        }}
      />
      <Icon name="proof" /> {label}
    </label>
  );
}

/** A proof: pictures that are taken or chosen, and whatever else proves it, by name or address. */
export function ProofField({ ticket, isNeeded, label }: { ticket: string; isNeeded: boolean; label: string }) {
  const [taken, setTaken] = useState<readonly string[]>([]);
  const add = async (files: File[]) => {
    for (const file of files) {
      onTheirWay.value += 1;
      try {
        const proof = await sent(ticket, file);
        if (proof === null) tell(t("photo_unreadable"), true);
        else setTaken((before) => [...new Set([...before, proof])]);
      } catch (error) {
        tellProblem(error);
      } finally {
        onTheirWay.value -= 1;
      }
    }
  };
  return (
    <div class="proof-field">
      <div class="row-of">
        <Pick label={t("photo_take")} isCamera add={(files) => void add(files)} />
        <Pick label={t("photo_choose")} isCamera={false} add={(files) => void add(files)} />
        {onTheirWay.value > 0 && <span role="status">{t("photo_sending", { n: onTheirWay.value })}</span>}
      </div>
      {taken.length > 0 && (
        <ul class="proof photos">
          {taken.map((proof, at) => (
            <li key={proof}>
              <Photo ticket={ticket} name={photoOf(proof)!} label={t("photo_label", { n: at + 1 })} />
              <button type="button" class="quiet" aria-label={t("photo_remove", { n: at + 1 })} onClick={() => setTaken(taken.filter((one) => one !== proof))}>
                <Icon name="cross" />
              </button>
              <input type="hidden" name="photo" value={proof} />
            </li>
          ))}
        </ul>
      )}
      <textarea name="proof" rows={1} required={isNeeded && taken.length === 0} aria-label={label} placeholder={t("proof_other")} />
    </div>
  );
}
