import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [vue()],
  build: {
    // Old classroom panels: Android WebView and Windows boxes that stopped at Chrome 90.
    target: "chrome90",
    cssTarget: "chrome90",
    assetsInlineLimit: 2048,
    // The lazy replay chunk holds hls.js, about 550 kB before compression.
    chunkSizeWarningLimit: 700,
    modulePreload: { polyfill: false },
  },
  test: {
    environment: "node",
    include: ["src/**/*.test.ts"],
  },
});
