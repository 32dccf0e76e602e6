#!/usr/bin/env node
// Starts a Pintle, feeds it with OpenTelemetry's own exporters, reads what came in, ends it. The program is PINTLE_BIN, else
// ../../target/debug/pintle; `--database URL` is handed to it.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { exporters, provider, tracer } from './exporters.mjs'

const here = import.meta.dirname
const binary = process.env.PINTLE_BIN ?? path.join(here, '../../target/debug/pintle')
const folder = mkdtempSync(path.join(tmpdir(), 'pintle-otel-'))
const args = ['serve', '--dev', '--json', '--listen', '127.0.0.1:0', '--data', folder, '--log', 'warn', ...process.argv.slice(2)]
const server = spawn(binary, args, { stdio: ['ignore', 'pipe', 'inherit'] })
const ended = once(server, 'exit')
const ready = await Promise.race([
  once(createInterface({ input: server.stdout }), 'line').then(([line]) => JSON.parse(line)),
  ended.then(([code]) => { throw new Error(`${binary} ended with ${code} before it was ready`) }),
])

async function lines() {
  const answer = await fetch(`${ready.url}/pintle/v1/logs?limit=1000`, { headers: { authorization: `Bearer ${ready.token}` } })
  assert.equal(answer.status, 200)
  const text = await answer.text()
  return text.split('\n').filter(Boolean).map(line => JSON.parse(line))
}

let code = 1
try {
  for (const { name, logs, spans } of exporters(ready.url, ready.logKey)) {
    const log = provider(logs, { 'service.name': 'shop', 'vercel.deploymentId': 'dpl_otel', 'deployment.environment.name': 'production' })
    log.emit({ severityNumber: 13, body: `hello from ${name}`, attributes: { 'url.path': '/cart', user: 'ada' } })
    log.emit({ severityNumber: 21, body: { order: 7 } })
    await log.end()
    const [hello, order] = (await lines()).slice(-2)
    assert.equal(hello.message, `hello from ${name}`)
    assert.deepEqual([hello.level, hello.environment, hello.deploymentId, hello.path], ['warning', 'production', 'dpl_otel', '/cart'], name)
    assert.deepEqual([hello.projectName, hello.attributes.user, hello.source], ['shop', 'ada', 'lambda'], name)
    assert.ok(Math.abs(hello.timestamp - Date.now()) < 60_000, name)
    assert.deepEqual([order.level, order.message], ['fatal', '{"order":7}'], name)

    const trace = tracer(spans, { 'service.name': 'shop' })
    trace.span('GET /cart')
    await trace.end()
    console.log(`ok: ${name}: 2 records and 1 span`)
  }
  for (const { name, logs } of exporters(ready.url, 'pin_unknown')) {
    const log = provider(logs, {})
    log.emit({ body: 'refused' })
    await assert.rejects(log.end(), /403|Forbidden/i, name)
  }
  assert.ok((await lines()).every(line => line.message !== 'refused'))
  console.log('ok: an unknown key is refused')
  code = 0
} finally {
  server.kill('SIGTERM')
  const [status] = await ended
  if (status !== 0) {
    console.error(`pintle ended with ${status} after SIGTERM`)
    code ||= 1
  }
  rmSync(folder, { recursive: true })
}
process.exit(code)
