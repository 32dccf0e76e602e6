#!/usr/bin/env node
// Starts a Pintle, runs the suites against it, ends it.
//
//   node run.mjs [--database URL] [SUITE.test.mjs...]
//
// The program is PINTLE_BIN, else ../../target/debug/pintle. Where the checking proxy shared/tools/conform is
// present beside a folder above (or CONFORM names it), the suites run through it, and a violation of the contract fails the run.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { start } from '../server.mjs'
import { operations } from './suite/operations.mjs'

const here = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname)
const args = process.argv.slice(2)
const at = args.indexOf('--database')
const database = at < 0 ? [] : args.splice(at, 2)

// For each SDK a team of two users, and users who come and go: those are made by the operator only.
const crew = {
  owner: 'pnt_first_of_the_crews', member: 'pnt_second_of_the_crews', guest: 'pnt_guest_of_the_crews',
  leavers: { matching: 'pnt_leaver_of_the_matching', newest: 'pnt_leaver_of_the_newest' },
}
const members = '[{ user: first, role: OWNER }, { user: second, role: VIEWER }]'
const seed = `users:
  - { username: first, email: first@example.com }
  - { username: second, email: second@example.com }
  - { username: guest, email: guest@example.com }
  - { username: leaver-matching, email: leaver-matching@example.com }
  - { username: leaver-newest, email: leaver-newest@example.com }
teams:
  - { slug: crew-matching, members: ${members} }
  - { slug: crew-newest, members: ${members} }
tokens:
  - { user: first, name: suites, value: ${crew.owner} }
  - { user: second, name: suites, value: ${crew.member} }
  - { user: guest, name: suites, value: ${crew.guest} }
  - { user: leaver-matching, name: suites, value: ${crew.leavers.matching} }
  - { user: leaver-newest, name: suites, value: ${crew.leavers.newest} }
`

const { ready, stop } = await start('sdk', folder => {
  const file = path.join(folder, 'pintle.yaml')
  writeFileSync(file, seed)
  return ['--config', file, ...database]
})

/// A file beside one of the folders above.
function above(name) {
  for (let folder = here; folder !== path.dirname(folder);) {
    folder = path.dirname(folder)
    const file = path.join(folder, name)
    if (existsSync(file)) return file
  }
}

let code = 1
try {
  const suites = args.length ? args : readdirSync(path.join(here, 'suite')).filter(name => name.endsWith('.test.mjs'))
  // In one process, not `node --test` with one for each file: to load the two SDKs takes seconds.
  const imports = suites.map(name => `await import(${JSON.stringify(path.join(here, 'suite', path.basename(name)))})`)
  const test = [process.execPath, '--test-reporter=spec', '--input-type=module', '--eval', imports.join('\n')]
  const conform = process.env.CONFORM ?? above('shared/tools/conform')
  const require = args.length ? [] : ['--require', operations.join(',')]
  const command = conform ? [process.execPath, conform, '--target', ready.url, ...require, '--', ...test] : test
  if (command === test) console.error('not held against the contract: there is no shared/tools/conform beside the folders above')
  const env = { ...process.env, PINTLE_URL: ready.url, PINTLE_DEMO: JSON.stringify(ready), PINTLE_CREW: JSON.stringify(crew) }
  const [status] = await once(spawn(command[0], command.slice(1), { stdio: ['ignore', 'inherit', 'inherit'], env }), 'exit')
  code = status ?? 1
} finally {
  code = await stop(code)
}
process.exit(code)
