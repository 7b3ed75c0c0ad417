import { defineConfig } from "vite";

// One page, one script, one sheet: hashed names that are kept for ever; nothing is written into the page itself, so that
// its policy of content can forbid that.
export default defineConfig({
  base: "/",
  worker: { format: "es" },
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: "es2022",
    cssCodeSplit: false, // a part that comes later brings no sheet that could fail to come by itself
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
});
