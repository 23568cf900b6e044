import { defineConfig } from 'vitest/config';

/** For `vitest list`: lists the tests that prove the matrix, without building or fetching anything. */
export default defineConfig({
  test: {
    include: ['test/contract/*.test.ts', 'test/peers/*.test.ts', 'test/whole/under-load.test.ts'],
    // this file lists tests while it is collected: listing itself would never end
    exclude: ['test/contract/matrix.test.ts'],
  },
});
