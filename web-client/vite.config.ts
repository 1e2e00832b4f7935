// How the pages are built and tested, and how large they may be.
import vue from "@vitejs/plugin-vue";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

/** A classroom on a 1 Mbit/s line loads the page in about a second; only the replay's player may be larger. */
const CHUNK_BUDGET_BYTES = 160_000;
const LAZY_PLAYER = /^assets\/hls-/;

function byteBudget(): Plugin {
  return {
    name: "byte-budget",
    generateBundle(_options, bundle) {
      for (const [file, output] of Object.entries(bundle)) {
        if (output.type !== "chunk" || LAZY_PLAYER.test(file)) continue;
        if (output.code.length > CHUNK_BUDGET_BYTES) this.error(`${file} is over the budget of ${CHUNK_BUDGET_BYTES} bytes`);
      }
    },
  };
}

export default defineConfig({
  plugins: [vue(), byteBudget()],
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
