import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { summaryLines } from '../../cli/render/summary.ts';
import { exitCodeOf, reportOf } from '../../cli/report/deployment-report.ts';
import { exitCodes, worstOutcome } from '../../cli/terminal/exit-codes.ts';
import { plainColours } from '../../cli/terminal/terminal.ts';
import { deploymentOutcomes, outcomeMeanings } from '../../core/deployment/outcome.ts';
import { aFinished } from './finished.ts';

const layout = { colours: plainColours, width: 100 };
const own = (words: string) => `certferry ${words}`;
const anOutcome = fc.constantFrom(...deploymentOutcomes);

describe('the exit code', () => {
  test('The exit code is the documented one for each outcome', () => {
    expect(exitCodes).toEqual({
      deployed: 0,
      deployed_unverified: 0,
      deployed_unprobed: 9,
      unchanged: 0,
      validated: 0,
      validate_unsupported: 0,
      superseded: 0,
      skipped: 0,
      gone: 0,
      rejected: 10,
      validate_failed: 11,
      reload_failed: 12,
      rolled_back: 13,
      rolled_back_unverified: 14,
      rollback_failed: 14,
      lost: 15,
      lock_unavailable: 16,
    });
  });

  test('The exit code is 0 exactly for the outcomes that count as success', () => {
    const zero = deploymentOutcomes.filter((outcome) => exitCodes[outcome] === 0);

    expect(zero).toEqual(deploymentOutcomes.filter((outcome) => outcomeMeanings[outcome].succeeded));
  });

  test('The exit code is the highest of several targets, in whatever order they end', () => {
    fc.assert(
      fc.property(anOutcome, fc.array(anOutcome), (first, others) => {
        const highest = Math.max(...[first, ...others].map((outcome) => exitCodes[outcome]));

        expect(exitCodes[worstOutcome([first, ...others])]).toBe(highest);
      }),
    );
  });
});

describe('the report', () => {
  test('The report has the documented shape', () => {
    expect(reportOf([aFinished()])).toEqual({
      executionId: 'execution-of-web-1',
      outcome: 'deployed',
      summary: 'web-1 serves it',
      targets: [
        {
          targetId: 'web-1',
          outcome: 'deployed',
          summary: 'web-1 serves it',
          reason: null,
          fingerprint: `sha256:${'ab'.repeat(32)}`,
          previousFingerprint: `sha256:${'cd'.repeat(32)}`,
          states: ['AcquireLock', 'Deployed'],
          durationMs: 100,
        },
      ],
    });
  });

  test('The report of several targets counts their outcomes and names the execution that decided', () => {
    const report = reportOf([
      aFinished({}, 'web-1'),
      aFinished({ outcome: 'rolled_back' }, 'web-2'),
      aFinished({}, 'web-3'),
    ]);

    expect(report).toMatchObject({
      executionId: 'execution-of-web-2',
      outcome: 'rolled_back',
      summary: '3 targets: 2 deployed, 1 rolled_back',
    });
    expect(exitCodeOf(report)).toBe(13);
  });
});

describe('the summary', () => {
  test('The summary prints the outcome with the version and the time', () => {
    expect(summaryLines([aFinished()], layout, own)).toEqual([
      '✔ web-1  deployed: the endpoint serves the new leaf  100 ms',
      '  web-1 serves it',
      '  version sha256:abababababab…, previous sha256:cdcdcdcdcdcd…',
    ]);
  });

  test('The summary prints the paths and commands word for word when manual action is required', () => {
    const repair = {
      files: [
        { path: '/etc/nginx/tls/fullchain.pem', backup: '/var/lib/certferry/backups/x/0' },
        { path: '/etc/nginx/tls/chain.pem', backup: null },
      ],
      commands: ["cp -p '/var/lib/certferry/backups/x/0' '/etc/nginx/tls/fullchain.pem'", 'nginx -s reload'],
    };

    const lines = summaryLines([aFinished({ outcome: 'rollback_failed', repair })], layout, own);

    for (const command of repair.commands) expect(lines).toContain(`    ${command}`);
    expect(lines).toContain(
      '    /etc/nginx/tls/fullchain.pem: the previous content is in /var/lib/certferry/backups/x/0',
    );
    expect(lines).toContain('    /etc/nginx/tls/chain.pem: did not exist before this deployment; remove it');
    expect(lines.join('\n')).toContain('MANUAL ACTION REQUIRED');
  });

  test('The summary gives the next step for every outcome that failed', () => {
    for (const outcome of deploymentOutcomes) {
      const plain = summaryLines([aFinished()], layout, own).length;
      const lines = summaryLines([aFinished({ outcome })], layout, own);

      if (!outcomeMeanings[outcome].succeeded) expect(lines.length, outcome).toBeGreaterThan(plain);
    }
  });

  test('The summary of a failure ends with what is served, the commands, the console page and the troubleshooting entry', () => {
    const executionArn = 'arn:aws-us-gov:states:us-gov-west-1:123456789012:execution:deploy:web-1-x';
    const failed = { ...aFinished({ outcome: 'rolled_back', reason: 'LeafNotServed' }), executionArn };

    expect(summaryLines([failed], { ...layout, width: 200 }, own).slice(-6)).toEqual([
      '  Served now: as before: the previous version sha256:cdcdcdcdcdcd… is restored.',
      expect.stringContaining('The endpoint serves another leaf.'),
      expect.stringContaining('certferry inspect '),
      expect.stringContaining('certferry probe 127.0.0.1:443'),
      `  Execution: https://us-gov-west-1.console.amazonaws-us-gov.com/states/home?region=us-gov-west-1#/v2/executions/details/${executionArn}`,
      expect.stringMatching(/^Troubleshooting: .*#the-endpoint-does-not-serve-the-new-leaf$/),
    ]);
  });

  test('The summary of a success has no line about what is served and no link', () => {
    expect(summaryLines([aFinished()], layout, own).join('\n')).not.toMatch(/Served now|Troubleshooting/);
  });

  test('The summary shows the warnings, and that a deployment was not verified', () => {
    const finished = aFinished({ outcome: 'deployed_unverified', warnings: ['expires in 3 days'] });

    const text = summaryLines([finished], layout, own).join('\n');

    expect(text).toContain('! web-1  deployed_unverified');
    expect(text).toContain('warning: expires in 3 days');
    expect(text).toContain('The endpoint was not probed');
  });

  test('The summary of several targets has a line for each that succeeded, and everything of those that did not', () => {
    const lines = summaryLines(
      [
        aFinished({ warnings: ['expires in 3 days'] }, 'web-1'),
        aFinished({ outcome: 'lost', summary: 'no word of it', fingerprint: null }, 'web-2'),
        aFinished({ previousFingerprint: null }, 'web-10'),
      ],
      layout,
      own,
    );

    expect(lines.slice(0, 6)).toEqual([
      '✔ web-1   deployed  100 ms  version sha256:abababababab…, previous sha256:cdcdcdcdcdcd…',
      '  warning: expires in 3 days',
      '✔ web-10  deployed  100 ms  version sha256:abababababab…',
      '',
      '✖ web-2  lost: the host returned no result; its state is unknown  100 ms',
      '  no word of it',
    ]);
    expect(lines.slice(-2)).toEqual([
      '3 targets: 2 deployed, 1 lost',
      expect.stringMatching(/^Troubleshooting: .*#lost-outcome-unknown$/),
    ]);
  });

  test('The summary names the reason unless the summary already does', () => {
    const reason = 'nginx: [emerg] no ssl_certificate';
    const output = { outcome: 'validate_failed', summary: 'refused', reason } as const;

    expect(summaryLines([aFinished(output)], layout, own)).toContain(`  reason: ${reason}`);
  });
});
