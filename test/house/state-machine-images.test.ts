import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { expect, test } from 'vitest';
import { drawnMachines } from './state-machine-images.ts';

test.each(drawnMachines())('$file shows the state machine as its file defines it', ({ file, svg }) => {
  expect(readFileSync(file, 'utf8'), `run node scripts/draw-state-machines.ts (${basename(file)})`).toBe(svg);
});
