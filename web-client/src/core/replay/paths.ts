// Names of files that a file of the recording gives.

/**
 * The path of the file `name` beside the file at `path`; null unless it is a plain name with one of the endings. A signed
 * path and its query are the server's; what stands in a recording's file may only name a neighbour.
 */
export function beside(path: string, name: string, endings: string[]): string | null {
  const parts = /^[\w-]{1,80}\.([a-z0-9]{1,5})$/.exec(name);
  if (parts === null || !endings.includes(parts[1] ?? "")) return null;
  const bare = path.split(/[?#]/, 1)[0] ?? "";
  return `${bare.slice(0, bare.lastIndexOf("/") + 1)}${name}`;
}
