// Pages by address; each is its own chunk. Everything but the first page needs a token.

import { createRouter, createWebHistory } from "vue-router";

import { tokenInHash } from "../core/roles";
import { home, loadMe, session, takeToken } from "./session";

export const router = createRouter({
  history: createWebHistory(),
  routes: [
    { path: "/", component: () => import("./pages/Pick.vue"), meta: { open: true } },
    { path: "/teach", component: () => import("./pages/Teach.vue") },
    { path: "/classroom", component: () => import("./pages/Classroom.vue") },
    { path: "/watch", component: () => import("./pages/Watch.vue") },
    { path: "/library", component: () => import("./pages/Library.vue") },
    // Not under /replay: there the server keeps the recordings' files.
    { path: "/library/:id", component: () => import("./pages/Replay.vue"), props: true },
    { path: "/check", component: () => import("./pages/Check.vue") },
    { path: "/admin", component: () => import("./pages/Admin.vue") },
    {
      // The pages of the timetable are one place in the header.
      path: "/admin/timetable",
      children: [
        { path: "", component: () => import("./pages/Timetable.vue") },
        { path: "/admin/import", component: () => import("./pages/Import.vue") },
        { path: "/admin/calendar", component: () => import("./pages/Calendar.vue") },
        { path: "/admin/changes", component: () => import("./pages/Changes.vue") },
      ],
    },
    {
      path: "/report",
      children: [
        { path: "", component: () => import("./pages/Report.vue") },
        { path: "lessons/:id", component: () => import("./pages/LedgerLesson.vue"), props: true },
      ],
    },
    { path: "/:rest(.*)*", component: () => import("./pages/NotFound.vue"), meta: { open: true } },
  ],
  scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
});

router.beforeEach(async (to) => {
  const token = tokenInHash(to.hash);
  if (token !== null) {
    takeToken(token);
    await loadMe();
    // The token must not stay in the address, where it would be shared or photographed with it.
    return { path: to.path === "/" ? home() : to.path, query: to.query, hash: "", replace: true };
  }
  if (to.meta["open"] !== true && session.token === null) return { path: "/", query: { next: to.fullPath }, replace: true };
  return true;
});
