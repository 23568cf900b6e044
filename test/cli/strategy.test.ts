import { describe, expect, test } from 'vitest';
import { readStrategy } from '../../cli/input/strategy-options.ts';
import { Strategy } from '../../core/registry/strategy.ts';

describe('the options of a strategy', () => {
  test('The options of a strategy cover all of its fields', () => {
    const said = readStrategy({
      waves: '2,50%,100%',
      maxConcurrency: '8',
      toleratedFailures: '5%',
      pause: '60',
      splay: '10',
      approvalAfterWave: '1',
      approvalTimeout: '3600',
      onHalt: 'rollback',
      onStaleService: 'report',
    });

    expect(said).toEqual({
      waves: [2, '50%', '100%'],
      maxConcurrency: 8,
      toleratedFailures: '5%',
      pauseSeconds: 60,
      splaySeconds: 10,
      approvalAfterWave: 1,
      approvalTimeoutSeconds: 3600,
      onHalt: 'rollback',
      onStaleService: 'report',
    });
    expect(Object.keys(said).sort()).toEqual(Object.keys(Strategy.parse({})).sort());
  });
});
