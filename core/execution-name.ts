import { randomBytes } from 'node:crypto';

/** Step Functions allows 80 characters; the time and the random part take 26 of them. */
const aboutCharacters = 54;

/** `web-1-20261122T041500-1f2e3d4c`: sorts by time within a target, and is the deployment's id on the host. */
export function newExecutionName(about: string, now: Date): string {
  const readable = about.replace(/[^A-Za-z0-9_-]/g, '-').slice(0, aboutCharacters);
  const time = now.toISOString().replace(/[-:]|\.\d+Z$/g, '');
  return `${readable}-${time}-${randomBytes(4).toString('hex')}`;
}

/** The part that sorts by time; '' for a name that certferry did not choose. */
export function timeInName(name: string): string {
  return /-(\d{8}T\d{6})-[0-9a-f]+$/.exec(name)?.[1] ?? '';
}
