import { readFileSync } from 'node:fs';
import type * as z from 'zod/mini';

/**
 * Reads a JSON file of the agent's own folder. Null if it does not exist. Throws an Error that names the file and the next
 * step, but without its content, if the file is damaged.
 */
export function readRecord<Content>(
  path: string,
  schema: z.ZodMiniType<Content>,
  nextStep: string,
): Content | null {
  const text = readIfExists(path);
  if (text === null) return null;
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    // without the cause: the message of JSON.parse quotes its input
    throw new Error(`${path} is damaged; ${nextStep}`);
  }
}

function readIfExists(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
