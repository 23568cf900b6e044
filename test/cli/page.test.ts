import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { executionPage } from '../../cli/page/execution-page.ts';
import { html, Markup } from '../../cli/page/markup.ts';
import { timesIn } from '../../cli/render/times.ts';
import { visitsOf } from '../../cli/report/visits.ts';
import type { StateMachine } from '../../cli/terminal/built-files.ts';
import type { ExecutionEvent } from '../../core/deployment/execution-event.ts';
import type { InspectedExecution, ReportedWave } from '../../services/backend/backend.ts';
import { anExecution, aRolledBackExecution } from './events.ts';
import { aFinished } from './finished.ts';
import { readPage, rowsOf, textOf } from './pages.ts';

const deployTarget: StateMachine = JSON.parse(
  readFileSync('cdk/state-machines/deploy-target.asl.json', 'utf8'),
);
const rollout: StateMachine = JSON.parse(readFileSync('cdk/state-machines/rollout.asl.json', 'utf8'));
const own = (words: string) => `certferry ${words} --local`;

function aPage(
  execution: Partial<InspectedExecution> = {},
  waves: readonly ReportedWave[] = [],
  machine = deployTarget,
) {
  const whole = {
    executionName: 'web-1-x',
    status: 'FAILED',
    output: aFinished({ outcome: 'rolled_back' }).output,
    events: aRolledBackExecution(),
    ...execution,
  };
  return executionPage({ machine, execution: whole, waves }, own, timesIn('UTC'));
}

describe('the page of an execution', () => {
  test('The page of an execution is one a browser reads without a mistake, and that fetches and runs nothing', () => {
    const page = aPage();

    const { errors, elements, attributes, texts } = readPage(page);

    expect(errors).toEqual([]);
    const tags = elements.map(({ tagName }) => tagName);
    for (const tag of ['script', 'link', 'img', 'iframe', 'object', 'form', 'base'])
      expect(tags).not.toContain(tag);
    expect(attributes('href').every((address) => /^#visit-\d+$/.test(address))).toBe(true);
    expect(page).not.toMatch(/https?:|url\((?!#)|@import| on[a-z]+=| style=/);
    const hash = createHash('sha256')
      .update(texts('style')[0] ?? '')
      .digest('base64');
    expect(attributes('content')).toContain(
      `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`,
    );
  });

  test('The page of an execution draws every state of the machine, those visited with how it went, and each way that was taken', () => {
    const { withClass } = readPage(aPage());

    const states = withClass('state').map((one) => textOf(one));
    const visited = new Set(visitsOf(aRolledBackExecution()).map(({ state }) => state));
    // the whole state machine, and the part of it that was entered
    expect(states).toHaveLength(Object.keys(deployTarget.States).length + visited.size);
    expect(withClass('never').map(textOf)).toContainEqual(expect.stringMatching(/^CommitDeployment/));
    const failed = withClass('state')
      .filter((one) => withClass('failed').includes(one))
      .map(textOf);
    expect(failed).toEqual([expect.stringMatching(/^RolledBack/), expect.stringMatching(/^RolledBack/)]);
    const taken = withClass('way')
      .filter((one) => textOf(one).includes(': taken'))
      .map(textOf);
    expect(taken).toContain('ProbeEndpoint to ProbeOutcome?: taken, 2 times');
    expect(taken).toContain('ProbeOutcome? to RollBack: taken');
    expect(withClass('badge').map(textOf)).toContain('×2');
  });

  test('The page of an execution has one row a visit with its time, its retries, and what went in and came out', () => {
    const { events } = anExecution()
      .enter('AcquireLock', 'Task')
      .fail('AcquireLock', 'Task')
      .retry('AcquireLock', 'Task')
      .fail('AcquireLock', 'Task')
      .caught('AcquireLock', 'Task', 'RecordLockUnavailable')
      .visit('RecordLockUnavailable', 'Task', { took: 340, output: { outcome: 'lock_unavailable' } });

    const { elements } = readPage(aPage({ events }));

    const rows = elements.filter(({ attrs }) => attrs.some(({ value }) => /^visit-\d+$/.test(value)));
    expect(rows).toHaveLength(2);
    const [first = '', second = ''] = rows.map(textOf);
    expect(first).toContain('1.0 s');
    expect(first).toContain('retried once: LockHeld');
    expect(first).toContain('attempt 1 failed');
    expect(second).toContain('340 ms');
    expect(second).toContain('"outcome": "lock_unavailable"');
  });

  test('The page of an execution on a stack links to the console of its partition', () => {
    const executionArn = 'arn:aws-cn:states:cn-north-1:123456789012:execution:deploy:web-1-x';

    expect(readPage(aPage({ executionArn })).attributes('href')[0]).toBe(
      `https://cn-north-1.console.amazonaws.cn/states/home?region=cn-north-1#/v2/executions/details/${executionArn}`,
    );
  });

  test('The page of an execution draws what the definition no longer has, and an execution that has only begun', () => {
    const old = anExecution().visit('OldState', 'Task').visit('Deployed', 'Succeed').events;
    expect(readPage(aPage({ events: old })).text).toContain('OldState to Deployed: taken');

    const { text, errors } = readPage(aPage({ status: 'RUNNING', output: null, events: [] }));
    expect(errors).toEqual([]);
    expect(text).toContain('still running');
  });

  test('The page of an execution shortens a value that would make the page too long, and names where all of it is', () => {
    const { events } = anExecution().visit('PushBundle', 'Task', { output: { long: 'x'.repeat(300_000) } });

    const page = aPage({ events });

    expect(page.length).toBeLessThan(200_000);
    expect(page).toContain('more characters (in full with --json)');
  });

  test('The page of an execution lists the deployments of a rollout by their names, wave by wave', () => {
    const events = anExecution().visit('ResolveCertificate', 'Task').visit('NextWave', 'Task').events;
    const result = (targetId: string, outcome: string) => ({
      targetId,
      outcome,
      executionArn: `arn:aws:states:eu-west-1:123456789012:execution:m/DeployWave:${targetId}-child`,
      summary: `${targetId} said`,
    });
    const waves: ReportedWave[] = [
      { number: 1, direction: 'forward', results: [result('web-1', 'deployed')] },
      { number: 2, direction: 'forward', results: [result('web-2', 'rollback_failed')] },
      { number: 3, direction: 'rollback', results: [result('web-1', 'deployed')] },
    ];

    const { attributes, withClass } = readPage(aPage({ events, output: null }, waves, rollout));

    expect(attributes('href')).toContain('web-1-child.html');
    const rows = withClass('waves').flatMap(rowsOf);
    expect(rows.slice(1).map(textOf)).toEqual([
      '1web-1deployedweb-1 saidweb-1-child',
      '2web-2rollback_failed (manual action required)web-2 saidweb-2-child',
      '3 (rollback)web-1rolled backweb-1 saidweb-1-child',
    ]);
  });
});

/** Small, because it is laid out once for each text. */
const twoStates: StateMachine = {
  States: { Deployed: { Type: 'Succeed' }, Other: { Type: 'Task', Next: 'Deployed' } },
};

/** What would leave a text, an attribute, a comment, a style or an element that folds, if anything did. */
const breakouts = fc.constantFrom(
  ...[
    '</code></pre></details>',
    '<script>alert(1)</script>',
    '"><img src=x onerror=alert(1)>',
    "' onload='",
    '-->',
  ],
  ...[
    '</style>',
    '</title>',
    ']]>',
    '&lt;',
    '&#0;',
    '&',
    '<!--',
    '</svg>',
    '\u0000',
    '\ud800',
    '\ufffe',
    '\u2028',
  ],
  ...['javascript:alert(1)', '../../x', '__proto__', 'constructor', '\r\n\r', '<table>', '<plaintext>', ' '],
);
const hostile = fc
  .array(fc.oneof(breakouts, fc.string({ unit: 'binary', maxLength: 12 })), { minLength: 1 })
  .map((parts) => parts.join(''));

describe('text on a page', () => {
  test('Text on a page stays text, wherever it comes from: no element and no attribute more than with any other text', () => {
    const pageOf = (said: string): string => {
      const state = (type: string, more: object = {}): ExecutionEvent => ({
        type,
        timestamp: 1_800_000_000_000,
        state: {
          name: `Task ${said}`,
          type: 'Task',
          input: { [said]: said },
          output: { summary: said, verdict: said },
        },
        ...more,
      });
      const events = [
        state('StateEntered'),
        state('StateFailed', { Error: said, Cause: said }),
        state('StateRetried'),
        state('StateFailed', { Error: said, Cause: said }),
        state('StateCaught', { catch: { catcher: { Next: said } } }),
        state('StateExited'),
        { ...state('StateEntered'), state: { name: 'Deployed', type: 'Succeed', input: said } },
      ];
      const output = {
        ...aFinished().output,
        summary: said,
        targetId: said,
        fingerprint: said,
        warnings: [said],
      };
      const results = [{ targetId: said, outcome: said, executionArn: `:${said} `, summary: said }];
      return aPage(
        { events, output, executionName: said },
        [{ number: 1, direction: 'forward', results }],
        twoStates,
      );
    };
    const { skeleton } = readPage(pageOf('harmless'));

    fc.assert(
      fc.property(hostile, (said) => {
        const read = readPage(pageOf(said));

        expect(read.errors).toEqual([]);
        expect(read.skeleton).toEqual(skeleton);
      }),
      { numRuns: 300 },
    );
  });

  test('Text on a page is what was put in, but for what no page can show', () => {
    fc.assert(
      fc.property(hostile, (said) => {
        const { text, attributes } = readPage(
          html`<!DOCTYPE html><title></title><p title="${said}"><code>${said}</code>`.text,
        );

        const shown = said
          .toWellFormed()
          .replace(/\r\n?/g, '\n')
          .replace(/[^\P{Cc}\t\n]|\p{Noncharacter_Code_Point}/gu, '\ufffd');
        expect(text.trimEnd()).toBe(shown.trimEnd());
        expect(attributes('title')).toEqual([shown]);
      }),
    );
  });

  test('Text on a page cannot pass for markup, whatever shape it has', () => {
    const forged = JSON.parse('{"text":"<b>"}') as never;

    expect(() => html`${forged}`.text).toThrow();
    expect(() => Reflect.construct(Markup, ['created by html', '<b>'])).toThrow('only html() creates Markup');
  });
});
