import { render } from "preact";
import { App } from "./app";
import { startKeys } from "./lib/keys";
import { startRouter } from "./lib/router";
import { startLive } from "./state/live";
import { askSession } from "./state/session";
import { startTheme } from "./state/theme";
import "./styles/main.css";

startTheme();
startRouter();
startKeys();
startLive();
void askSession();

const root = document.getElementById("app");
if (root) render(<App />, root);
