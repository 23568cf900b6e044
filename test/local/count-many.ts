// Run by shared-database.test.ts as a process of its own: adds one to a counter as often as it is asked to, and prints
// each number that it has reached.
import { openTables } from '../../local/dynamodb/open-tables.ts';
import { tableNames } from '../../local/dynamodb/stack-tables.ts';

const [path = '', times = '1'] = process.argv.slice(2);
const engine = openTables({ path });

for (let time = 1; time <= Number(times); time += 1) {
  engine.execute('UpdateItem', {
    TableName: tableNames.locks,
    Key: { pk: { S: 'counter' } },
    UpdateExpression: 'ADD n :one',
    ExpressionAttributeValues: { ':one': { N: '1' } },
  });
  process.stdout.write(`${time}\n`);
  await new Promise(setImmediate);
}
engine.close();
