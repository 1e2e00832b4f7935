// How the pages are built and tested, and how large they may be.
import vue from "@vitejs/plugin-vue";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

/** A classroom on a 300 kbit/s line loads the page in a few seconds; only the replay's player may be larger. */
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

async function gzip(source: string | Uint8Array): Promise<Uint8Array> {
  const compressing = new Blob([source as BlobPart]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(compressing).arrayBuffer());
}

/** Beside each text the same as gzip: a thin line carries a third, and the server compresses nothing while a lesson runs. */
function compressed(): Plugin {
  return {
    name: "compressed",
    generateBundle: {
      order: "post",
      async handler(_options, bundle) {
        for (const [file, output] of Object.entries(bundle)) {
          if (!/\.(js|css|html|svg)$/.test(file)) continue;
          this.emitFile({ type: "asset", fileName: `${file}.gz`, source: await gzip(output.type === "chunk" ? output.code : output.source) });
        }
      },
    },
  };
}

export default defineConfig({
  plugins: [vue(), byteBudget(), compressed()],
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
