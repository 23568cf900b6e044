/** Run as a process: imports each example; the CDK synthesizes an app into CDK_OUTDIR when the process ends. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [, , outputFolder = '', ...apps] = process.argv;
for (const app of apps) {
  process.env.CDK_OUTDIR = join(outputFolder, app);
  await import(pathToFileURL(join(import.meta.dirname, '../../examples', app, 'app.ts')).href);
}
