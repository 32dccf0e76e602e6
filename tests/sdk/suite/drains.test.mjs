import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { createServer } from 'node:http'
import { before } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { fails, onEachSdk } from './sdks.mjs'
import { install, newProject, newTeam } from './world.mjs'

onEachSdk('drains', ({ client, it }) => {
  let team, project, drains
  before(async () => {
    team = await newTeam()
    project = await newProject(team)
    drains = client(team.token).drains
  })
  const ours = input => ({ teamId: team.teamId, ...input })
  const delivery = { type: 'http', endpoint: 'https://logs.example.com/in', encoding: 'json', compression: 'gzip', headers: { 'x-from': 'suite' } }
  const body = { name: 'Suite', projects: 'all', schemas: { log: { version: 'v1' } }, delivery }
  const ids = list => list.drains.map(drain => drain.id)

  it('live from creation to deletion', async () => {
    const made = await drains.createDrain(ours({ requestBody: body }))
    assert.equal(made.name, 'Suite')
    assert.deepEqual(ids(await drains.getDrains(ours())), [made.id])
    assert.deepEqual(ids(await drains.getDrains(ours({ includeMetadata: true }))), [made.id])
    assert.equal((await drains.getDrain(ours({ id: made.id }))).id, made.id)
    const change = { name: 'Renamed', projects: 'some', projectIds: [project.id], status: 'disabled', sampling: [{ type: 'head_sampling', rate: 0.25, env: 'production' }] }
    const changed = await drains.updateDrain(ours({ id: made.id, requestBody: change }))
    assert.deepEqual([changed.name, changed.status, changed.projectIds], ['Renamed', 'disabled', [project.id]])
    assert.deepEqual((await drains.getDrain(ours({ id: made.id }))).name, 'Renamed')
    await drains.deleteDrain(ours({ id: made.id }))
    await fails(drains.getDrain(ours({ id: made.id })), 404, 'not_found')
    await fails(drains.updateDrain(ours({ id: made.id, requestBody: { name: 'x' } })), 404, 'not_found')
    await fails(drains.deleteDrain(ours({ id: made.id })), 404, 'not_found')
    assert.deepEqual(ids(await drains.getDrains(ours())), [])
  })

  it.lenient('of traces are delivered by OTLP', async () => {
    const traces = { ...body, schemas: { trace: { version: 'v1' } }, delivery: { type: 'otlphttp', endpoint: { traces: 'https://otlp.example.com/v1/traces' }, encoding: 'proto', headers: {} } }
    const made = await drains.createDrain(ours({ requestBody: traces }))
    assert.equal((await drains.getDrain(ours({ id: made.id }))).delivery.endpoint.traces, traces.delivery.endpoint.traces)
    await drains.deleteDrain(ours({ id: made.id }))
  })

  it('of an installation carry its ids and end with it', async () => {
    const installed = await install(team)
    const own = client(installed.token)
    const made = await own.drains.createDrain(ours({ requestBody: body }))
    const account = await drains.createDrain(ours({ requestBody: body }))
    assert.deepEqual(ids(await own.drains.getDrains(ours())), [made.id])
    assert.deepEqual(ids(await drains.getDrains(ours())).sort(), [made.id, account.id].sort())
    await own.integrations.deleteConfiguration(ours({ id: installed.id }))
    assert.deepEqual(ids(await drains.getDrains(ours())), [account.id])
    await drains.deleteDrain(ours({ id: account.id }))
  })

  it('are tried with samples before they are made', async () => {
    const messages = []
    const receiver = createServer(async (request, response) => {
      const body = Buffer.concat(await request.toArray())
      const expected = createHmac('sha1', 'whisper').update(gunzipSync(body)).digest('hex')
      response.statusCode = request.headers['x-vercel-signature'] === expected ? 200 : 401
      messages.push(...JSON.parse(gunzipSync(body)).map(line => line.message))
      response.end()
    })
    await new Promise(ready => receiver.listen(0, '127.0.0.1', ready))
    const endpoint = `http://127.0.0.1:${receiver.address().port}/in`
    const test = secret => drains.testDrain(ours({ requestBody: { schemas: body.schemas, delivery: { ...delivery, endpoint, secret } } }))
    try {
      assert.deepEqual({ ...await test('whisper') }, {})
      assert.ok(messages.length > 0 && messages.every(message => message.startsWith('SAMPLE MESSAGE:')), messages)
      const { status, error, endpoint: named } = await test('another')
      assert.deepEqual([status, error, named], ['error', 'The endpoint answered with status 401', endpoint])
    } finally {
      receiver.close()
    }
  })

  it('are refused with what the contract does not allow', async () => {
    await fails(drains.createDrain(ours({ requestBody: { ...body, delivery: { ...delivery, endpoint: 'nowhere' } } })), 400, 'bad_request')
    await fails(drains.createDrain(ours({ requestBody: { ...body, sampling: [{ type: 'head_sampling', rate: 2 }] } })), 400, 'bad_request')
    await fails(drains.createDrain(ours({ requestBody: { ...body, projects: 'some', projectIds: ['prj_unknown'] } })), 404, 'not_found')
    await fails(drains.getDrains({ teamId: 'team_unknown' }), 403, 'team_unauthorized')
  })
})
