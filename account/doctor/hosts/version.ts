/** Major and minor version. */
export type Version = readonly [number, number];

/** The first version in a text, such as `curl 8.5.0 (x86_64)` or `v20.12.0`. Null if there is none. */
export function versionIn(text: string): Version | null {
  const found = /(\d+)\.(\d+)/.exec(text);
  return found === null ? null : [Number(found[1]), Number(found[2])];
}

/** Whether a version is the minimum or later. */
export function reaches([major, minor]: Version, [minimumMajor, minimumMinor]: Version): boolean {
  return major > minimumMajor || (major === minimumMajor && minor >= minimumMinor);
}
