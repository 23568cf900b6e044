import type { Bundle } from '../../../core/deployment/version.ts';
import type { Sources } from '../../../services/sources/sources.ts';

/** Stands where a bundle's bytes would: sealing does not look into them. */
export const aBundle: Bundle = { leaf: 'LEAF\n', chain: ['INTERMEDIATE\n'], key: 'SECRET KEY\n' };

/** Sources that answer one bundle, or throw, and count how often they were asked; they know no other version. */
export function sourcesOf(answer: Bundle | Error = aBundle): Sources & { asked: number } {
  const sources = {
    async latest() {
      throw new Error('not scripted');
    },
    async identify() {
      throw new Error('not scripted');
    },
    previous: async () => null,
    asked: 0,
    async fetch() {
      sources.asked += 1;
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
  return sources;
}
