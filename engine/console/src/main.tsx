import { render } from "preact";
import { arrive } from "./api/session.ts";
import { App } from "./app.tsx";
import { lang, speak } from "./i18n/index.ts";
import { wear, theme } from "./lib/theme.ts";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/queue.css";
import "./styles/ticket.css";
import "./styles/pages.css";
import "./styles/wall.css";
import "./styles/rooms.css";
import "./styles/shift.css";

speak(lang.value);
wear(theme.value);
void arrive();
render(<App />, document.getElementById("app")!);
