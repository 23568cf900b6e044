// Run by shared-database.test.ts as a process of its own, to be killed.
import { connectDatabase } from '../../local/dynamodb/connect.ts';
import { openStateFolder } from '../../local/state-folder.ts';

await connectDatabase(openStateFolder(process.argv[2] ?? ''));
process.stdout.write('connected\n');
