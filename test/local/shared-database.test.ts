import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openStateFolder, type StateFolder } from '../../local/base/state-folder.ts';
import type { Engine } from '../../local/dynamodb/engine.ts';
import { openStateDatabase, openTables } from '../../local/dynamodb/open-tables.ts';
import { tableNames } from '../../local/dynamodb/stack-tables.ts';
import { scratch } from './scratch.ts';

let folder: StateFolder;
let engines: Engine[];

beforeEach(() => {
  folder = openStateFolder(join(scratch(), 'state'));
  engines = [];
});

afterEach(() => {
  for (const engine of engines) engine.close();
});

function open(): Engine {
  const engine = openStateDatabase(folder);
  engines.push(engine);
  return engine;
}

interface GetItemResult {
  readonly Item?: { readonly n: { readonly N: string } };
}

function counter(engine: Engine): number {
  const request = { TableName: tableNames.locks, Key: { pk: { S: 'counter' } } };
  return Number((engine.execute('GetItem', request) as GetItemResult).Item?.n.N ?? 0);
}

function run(program: string, ...args: string[]): ChildProcess {
  return spawn(process.execPath, [join(import.meta.dirname, program), folder.database, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** Runs the program with a limit of 1024 blocks (512 KiB) a file: a later write fails as on a full disk. */
function runWithSmallFiles(program: string, ...args: string[]) {
  const command = [process.execPath, join(import.meta.dirname, program), folder.database, ...args];
  return spawnSync('sh', ['-c', 'ulimit -f 1024 && exec "$@"', 'sh', ...command], { encoding: 'utf8' });
}

/** Kills the process after that many lines and returns the number on the last complete one. */
async function killAfter(child: ChildProcess, lines: number): Promise<number> {
  let output = '';
  child.stdout?.on('data', (data: Buffer) => {
    output += data.toString();
    if (output.split('\n').length > lines) child.kill('SIGKILL');
  });
  await once(child, 'close');
  return Number(output.split('\n').at(-2));
}

describe('the database of a state folder', () => {
  test('The database of a state folder counts every update of several processes that open it at the same moment', async () => {
    const children = Array.from({ length: 4 }, () => run('count-many.ts', '200'));
    for (const child of children) child.stdout?.resume();

    const exits = await Promise.all(children.map((child) => once(child, 'close')));

    expect(exits.map(([code]) => code)).toEqual([0, 0, 0, 0]);
    expect(counter(open())).toBe(800);
  });

  test('The database of a state folder keeps each acknowledged update of a killed process, while others continue', async () => {
    const others = [run('count-many.ts', '300'), run('count-many.ts', '300')];
    for (const child of others) child.stdout?.resume();
    // before the kill: on a busy machine the others may end first
    const othersClosed = Promise.all(others.map((child) => once(child, 'close')));

    const acknowledged = await killAfter(run('count-many.ts', '100000'), 50);
    await othersClosed;

    // an update may be committed whose line was not printed any more
    expect(counter(open()) - 600).toBeGreaterThanOrEqual(acknowledged);
  });

  test('The database of a state folder has a transaction completely or not at all after its process is killed', async () => {
    let first = 1;
    for (let kills = 0; kills < 8; kills += 1) {
      const reported = await killAfter(run('transact-forever.ts', String(first)), 3 + kills * 7);
      const rounds = roundsIn(folder.database);

      expect(new Set(rounds).size).toBe(1);
      expect(rounds[0]).toBeGreaterThanOrEqual(reported);
      first = (rounds[0] ?? 0) + 1;
    }
  });

  test('The database of a state folder that cannot grow any more is named with the reason, and keeps each acknowledged update', () => {
    const { stdout, stderr, status } = runWithSmallFiles('count-many.ts', '100000');

    const acknowledged = Number(stdout.split('\n').at(-2));
    expect(stderr).toMatch(
      new RegExp(
        `Error: the database ${folder.database} failed: (disk I/O error|database or disk is full)\\. [A-Z]`,
      ),
    );
    expect(status).toBe(1);
    expect(acknowledged).toBeGreaterThan(0);
    expect(counter(open())).toBe(acknowledged);
  });

  test('The database of a state folder shows the write of one connection to another at once', () => {
    const [writer, reader] = [open(), open()];

    for (let n = 1; n <= 20; n += 1) {
      const Item = { pk: { S: 'counter' }, n: { N: String(n) } };
      writer.execute('PutItem', { TableName: tableNames.locks, Item });
      expect(counter(reader)).toBe(n);
    }
  });

  test('The database of a state folder can be entered by no other user of the machine, whatever the umask', () => {
    const umask = process.umask(0);
    try {
      folder = openStateFolder(join(scratch(), 'open'));
      open();
    } finally {
      process.umask(umask);
    }

    const { path, database } = folder;
    const files = [path, database, `${database}-wal`, `${database}-shm`];
    const modes = files.map((file) => statSync(file).mode & 0o777);
    expect(modes).toEqual([0o700, 0o600, 0o600, 0o600]);
  });

  test('The database of a state folder is refused with the reason when the file is no database', () => {
    writeFileSync(folder.database, 'no database'.repeat(1000));

    expect(open).toThrow(`the database ${folder.database} cannot be opened: file is not a database`);
  });

  test('The database of a state folder is refused when the file belongs to another program', () => {
    const foreign = new DatabaseSync(folder.database);
    foreign.exec('CREATE TABLE theirs (a)');
    foreign.close();

    expect(open).toThrow(/it belongs to another program$/);
  });

  test('The database of a state folder is refused when a later version of certferry has changed its format', () => {
    open().close();
    engines = [];
    const later = new DatabaseSync(folder.database);
    later.exec('PRAGMA user_version = 99');
    later.close();

    expect(open).toThrow(/its format is 99, and this version of certferry reads format 1 only$/);
  });

  test('The database of a state folder is refused with the way out when an earlier version left a LevelDB database', () => {
    mkdirSync(folder.levelDb);
    writeFileSync(join(folder.levelDb, 'CURRENT'), 'MANIFEST-000001\n');

    expect(open).toThrow(/Use another state folder, or remove .*dynamodb to start with an empty history\.$/);
  });
});

/** The number in each of the four items, and in each of their entries in an index. */
function roundsIn(path: string): number[] {
  const engine = openTables({ path });
  const items = ['a', 'b', 'c', 'd'].map((name) => {
    const Key = { targetId: { S: name }, sk: { S: 'only' } };
    return (engine.execute('GetItem', { TableName: tableNames.deployments, Key }) as { Item: RoundItem })
      .Item;
  });
  const [round = ''] = items.map((item) => item.round.N);
  const indexed = engine.execute('Query', {
    TableName: tableNames.deployments,
    IndexName: 'byCertificate',
    KeyConditionExpression: 'certificate = :c',
    ExpressionAttributeValues: { ':c': { S: `round-${round}` } },
  }) as { readonly Items: readonly RoundItem[] };
  engine.close();
  expect(indexed.Items).toHaveLength(4);
  return [...items, ...indexed.Items].map((item) => Number(item.round.N));
}

interface RoundItem {
  readonly round: { readonly N: string };
}
