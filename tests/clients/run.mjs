#!/usr/bin/env node
// Starts a Pintle, lets the official command line and libraries work with it, ends it. The program is PINTLE_BIN, else ../../target/debug/pintle;
// `--database URL` is handed to it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import path from 'node:path'
import { start } from '../server.mjs'

const here = path.dirname(new URL(import.meta.url).pathname)
const { ready, stop } = await start('clients', process.argv.slice(2))

let code = 1
try {
  const suites = readdirSync(here).filter(name => name.endsWith('.test.mjs')).map(name => path.join(here, name))
  // One after the other: they share the team and its projects.
  const test = ['--test', '--test-concurrency=1', '--test-reporter=spec', ...suites]
  const env = { ...process.env, PINTLE_DEMO: JSON.stringify(ready) }
  const [status] = await once(spawn(process.execPath, test, { stdio: ['ignore', 'inherit', 'inherit'], env }), 'exit')
  code = status ?? 1
} finally {
  code = await stop(code)
}
process.exit(code)
