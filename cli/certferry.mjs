#!/usr/bin/env node
// The command as a checkout or a package installs it. It starts on whatever Node a machine has first in its PATH, so
// it is plain JavaScript that an old Node can read: it finds a Node that is new enough, and the built command.
import { spawn } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const oldestNode = [22, 13];
const here = dirname(fileURLToPath(import.meta.url));
const built = join(here, '../dist/cli/main.mjs');

if (isNewEnough(process.versions.node)) await start();
else runOn(packagedNode());

function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number);
  return major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1]);
}

async function start() {
  if (!existsSync(built)) stop(`${built} is missing: run "npm run build" in ${join(here, '..')} first.`);
  await import(pathToFileURL(built).href);
}

/** The Node that npm installed beside certferry (package "node"), wherever npm has put it. */
function packagedNode() {
  try {
    const { resolve } = createRequire(import.meta.url);
    const node = join(dirname(resolve('node/package.json')), 'bin/node');
    // the one we already run on is no help
    return existsSync(node) && realpathSync(node) !== realpathSync(process.execPath) ? node : null;
  } catch {
    return null;
  }
}

function runOn(node) {
  if (node === null) {
    stop(
      `certferry needs Node ${oldestNode.join('.')} or newer, and this is ${process.versions.node}. ` +
        'Run "npm ci" in the checkout (it brings a newer Node along), or install a newer Node.',
    );
  }
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  // the terminal sends Ctrl-C to the child as well; this process only waits for what the child makes of it
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.on('error', (error) => stop(`cannot run ${node}: ${error.message}`));
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + constants.signals[signal];
  });
}

function stop(message) {
  process.stderr.write(`certferry: ${message}\n`);
  process.exit(2);
}
