// Zones: core/ is pure, io/ holds one browser API a file, ui/ draws. Dependencies point inward: ui -> io -> core.
import vue from "eslint-plugin-vue";
import ts from "typescript-eslint";

const BROWSER_GLOBALS = [
  "window", "document", "navigator", "location", "history", "localStorage", "sessionStorage", "fetch", "WebSocket",
  "RTCPeerConnection", "MediaStream", "AudioContext", "performance", "setTimeout", "setInterval", "clearTimeout",
  "clearInterval", "requestAnimationFrame",
];
const banned = (names, message) => names.map((name) => ({ name, message }));

export default ts.config(
  { ignores: ["dist", "node_modules", "src/core/protocol"] },
  ...ts.configs.strictTypeChecked,
  ...vue.configs["flat/recommended"],
  {
    languageOptions: {
      parserOptions: {
        parser: ts.parser,
        projectService: { allowDefaultProject: ["eslint.config.js"] },
        tsconfigRootDir: import.meta.dirname,
        extraFileExtensions: [".vue"],
      },
    },
    rules: {
      "max-lines": ["error", { max: 300 }],
      "max-lines-per-function": ["error", { max: 70 }],
      eqeqeq: "error",
      "no-console": "error",
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      // Layout is left to the eye; these rules fight over line breaks.
      "vue/max-attributes-per-line": "off",
      "vue/singleline-html-element-content-newline": "off",
      "vue/html-self-closing": "off",
      "vue/html-indent": "off",
      "vue/html-closing-bracket-newline": "off",
      "vue/first-attribute-linebreak": "off",
      "vue/multi-word-component-names": "off",
      "vue/attributes-order": "off",
      "vue/require-default-prop": "off",
      "vue/no-v-html": "error",
    },
  },
  {
    files: ["src/core/**/*.ts"],
    rules: {
      "no-restricted-imports": ["error", {
        patterns: [{
          group: ["**/io/**", "**/ui/**", "vue", "vue-router", "hls.js"],
          message: "core/ is pure: no browser, no framework.",
        }],
      }],
      "no-restricted-globals": ["error", ...banned(BROWSER_GLOBALS, "core/ is pure: pass it in.")],
      "no-restricted-properties": ["error",
        { object: "Date", property: "now", message: "Time is an argument in core/." },
        { object: "Math", property: "random", message: "Chance is an argument in core/." },
      ],
    },
  },
  {
    files: ["src/io/**/*.ts"],
    rules: {
      "no-restricted-imports": ["error", {
        patterns: [{ group: ["**/ui/**", "vue", "vue-router"], message: "io/ knows nothing of what is drawn." }],
      }],
    },
  },
  {
    files: ["src/ui/**/*.ts", "src/ui/**/*.vue"],
    rules: {
      "no-restricted-globals": ["error", ...banned(
        ["localStorage", "sessionStorage", "fetch", "WebSocket", "RTCPeerConnection", "AudioContext"],
        "Browser APIs live in io/, one a file.",
      )],
    },
  },
  { files: ["src/ui/**/*.vue"], rules: { "max-lines": ["error", { max: 150 }] } },
  { files: ["src/core/lang/*.ts"], rules: { "max-lines": ["error", { max: 400 }] } },
  // Only vue-tsc can type the import of a component in a .ts file.
  { files: ["src/main.ts"], rules: { "@typescript-eslint/no-unsafe-argument": "off" } },
  { files: ["**/*.test.ts"], rules: { "max-lines-per-function": "off" } },
  { files: ["eslint.config.js"], ...ts.configs.disableTypeChecked },
);
