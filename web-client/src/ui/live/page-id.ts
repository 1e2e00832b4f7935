// Who this page load is to the server: a socket that comes back with the id is this page again, not a second device.

import { chance } from "../../io/ticking";

export const PAGE = Math.floor(chance() * 2 ** 52).toString(36);
