// Types of the imports that vite resolves.
/// <reference types="vite/client" />
