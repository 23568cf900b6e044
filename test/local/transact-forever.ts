// Run by shared-database.test.ts as a process of its own, to be killed: writes the number of the round into four items,
// one transaction a round, and prints each number that was committed.
import { openTables } from '../../local/dynamodb/open-tables.ts';
import { tableNames } from '../../local/dynamodb/stack-tables.ts';

const [path = ''] = process.argv.slice(2);
const engine = openTables({ path });
const first = Number(process.argv[3] ?? 1);

for (let round = first; ; round += 1) {
  const TransactItems = ['a', 'b', 'c', 'd'].map((name) => ({
    Put: {
      TableName: tableNames.deployments,
      Item: {
        targetId: { S: name },
        sk: { S: 'only' },
        certificate: { S: `round-${round}` },
        round: { N: String(round) },
        filler: { S: 'x'.repeat(20_000) },
      },
    },
  }));
  engine.execute('TransactWriteItems', { TransactItems });
  process.stdout.write(`${round}\n`);
  // lets the output out
  await new Promise(setImmediate);
}
