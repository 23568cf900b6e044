import { defineConfig } from 'vitest/config';

/** For `vitest list`: names the tests that the matrix stands on, without building or fetching anything. */
export default defineConfig({
  test: {
    include: ['test/contract/*.test.ts', 'test/peers/*.test.ts', 'test/whole/under-load.test.ts'],
    // it lists the tests while it is collected: listed itself, it would start the next listing, and so on for ever
    exclude: ['test/contract/matrix.test.ts'],
  },
});
