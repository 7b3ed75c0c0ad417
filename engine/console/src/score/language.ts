/** A browser may say that it speaks what is no language (`en-US@posix`, `C`): the chart's library asks for numbers in it as
 * it is loaded, and could not be loaded at all. Such a browser speaks the console's language. Imported before the chart. */
import { lang } from "../i18n/index.ts";

try {
  new Intl.NumberFormat(navigator.language);
} catch {
  Object.defineProperty(navigator, "language", { value: lang.peek() === "zh" ? "zh-CN" : "en", configurable: true });
}
