#!/usr/bin/env node
// Starts a Pintle, feeds it with OpenTelemetry's own exporters, reads what came in, ends it. The program is PINTLE_BIN, else
// ../../target/debug/pintle; `--database URL` is handed to it.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { setTimeout } from 'node:timers/promises'
import { start } from '../server.mjs'
import { exporters, provider, tracer } from './exporters.mjs'

const { ready, stop } = await start('otel', process.argv.slice(2))

async function lines() {
  const answer = await fetch(`${ready.url}/pintle/v1/logs?limit=1000`, { headers: { authorization: `Bearer ${ready.token}` } })
  assert.equal(answer.status, 200)
  const text = await answer.text()
  return text.split('\n').filter(Boolean).map(line => JSON.parse(line))
}

/// A receiver of what a drain sends, and the exports that it got.
async function receiver() {
  const exports = []
  const server = createServer((request, response) => {
    const chunks = []
    request.on('data', chunk => chunks.push(chunk))
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks))
      if (body.resourceSpans) exports.push(...body.resourceSpans)
      response.end('{}')
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return { url: `http://127.0.0.1:${server.address().port}/v1/traces`, exports, server }
}

async function drain(traces) {
  const answer = await fetch(`${ready.url}/v1/drains?teamId=${ready.teamId}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ready.token}` },
    body: JSON.stringify({
      name: 'traces', projects: 'all', schemas: { trace: { version: 'v1' } },
      delivery: { type: 'otlphttp', endpoint: { traces }, encoding: 'json', headers: {} },
    }),
  })
  assert.equal(answer.status, 200, await answer.text())
}

let code = 1
const sink = await receiver()
try {
  await drain(sink.url)
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
  const [{ projectId: project }] = await lines()
  assert.ok(ready.projectIds.includes(project))
  for (const end = Date.now() + 20_000; sink.exports.length < 4 && Date.now() < end;) await setTimeout(50)
  assert.equal(sink.exports.length, 4, 'the spans left by a drain')
  for (const { resource, scopeSpans } of sink.exports) {
    const about = Object.fromEntries(resource.attributes.map(({ key, value }) => [key, value.stringValue]))
    assert.equal(about['service.name'], 'shop')
    assert.deepEqual([about['vercel.projectId'], about['vercel.deploymentId']], [project, project.replace('prj_', 'dpl_')])
    assert.equal(scopeSpans[0].spans[0].name, 'GET /cart')
  }
  console.log('ok: 4 spans left by a drain')
  for (const { name, logs } of exporters(ready.url, 'pin_unknown')) {
    const log = provider(logs, {})
    log.emit({ body: 'refused' })
    await assert.rejects(log.end(), /403|Forbidden/i, name)
  }
  assert.ok((await lines()).every(line => line.message !== 'refused'))
  console.log('ok: an unknown key is refused')
  code = 0
} finally {
  sink.server.closeAllConnections()
  sink.server.close()
  code = await stop(code)
}
process.exit(code)
