// Starts the pages: styles, router, and the one component that holds them.
import { createApp } from "vue";

import "./ui/styles/tokens.css";
import "./ui/styles/base.css";
import "./io/diagnostics";
import App from "./ui/App.vue";
import { router } from "./ui/router";

createApp(App).use(router).mount("#app");
