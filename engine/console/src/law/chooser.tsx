/** Brings a pack in: files, an archive, or text that is pasted. */
import { useState } from "preact/hooks";
import { t } from "../i18n/index.ts";
import { tell } from "../ui/toasts.tsx";
import { filesOf, type Files } from "./files.ts";

export function Chooser({ take, isBusy }: { take: (files: Files) => void; isBusy: boolean }) {
  const [files, setFiles] = useState<Files>({});
  const [pasted, setPasted] = useState("");
  const choose = async (event: Event) => {
    const chosen = [...((event.currentTarget as HTMLInputElement).files ?? [])];
    try {
      setFiles(chosen.length === 0 ? {} : await filesOf(chosen));
    } catch {
      setFiles({});
      tell(t("law.no_pack"), true);
    }
  };
  const all: Files = pasted.trim() === "" ? files : { ...files, pack: pasted };
  const names = Object.entries(all).map(([name, text]) => `${name}.yaml (${Math.ceil(text.length / 1024)} KB)`);
  return (
    <form
      class="law-chooser"
      aria-label={t("law.try")}
      onSubmit={(event) => {
        event.preventDefault();
        if (names.length > 0) take(all);
      }}
    >
      <label>
        {t("law.files")}
        <input type="file" multiple accept=".yaml,.yml,.zip" onChange={(event) => void choose(event)} />
      </label>
      <label>
        {t("law.paste")}
        <textarea name="pasted" rows={5} spellcheck={false} class="code" value={pasted} onInput={(event) => setPasted(event.currentTarget.value)} />
      </label>
      <p class="line">
        <button class="primary" disabled={isBusy || names.length === 0}>
          {isBusy ? t("law.checking") : t("law.check")}
        </button>
        <span class="muted">{names.join(" · ")}</span>
      </p>
    </form>
  );
}
