/** What a reporter left of themselves, once it is shown. */
import { word } from "../i18n/index.ts";
import { linesOf, type Revealed } from "../lib/reporter.ts";

export function RevealedLines({ found }: { found: Revealed }) {
  return (
    <dl class="facts revealed" data-test="revealed">
      {linesOf(found).map((line) => (
        <div key={`${line.list}.${line.key}`}>
          <dt>{word(line.list, line.key)}</dt>
          <dd>
            <bdi>{line.value}</bdi>
          </dd>
        </div>
      ))}
    </dl>
  );
}
