import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { fails, onEachSdk } from './sdks.mjs'
import { newProject, newTeam, request } from './world.mjs'

// The SDK reads the whole stream as one JSON value: it can read one line, of a stream that ends. It has no way to say that, so it is
// said for it.
const { fetch } = globalThis
function ending(input, init) {
  const url = new URL(input instanceof Request ? input.url : input)
  if (!url.pathname.endsWith('/runtime-logs')) return fetch(input, init)
  url.searchParams.set('follow', 'false')
  return fetch(input instanceof Request ? new Request(url, input) : url, init)
}

onEachSdk('logs', ({ client, it }) => {
  let team, project, logs
  before(async () => {
    globalThis.fetch = ending
    team = await newTeam()
    project = await newProject(team)
    logs = client(team.token).logs
  })
  after(() => { globalThis.fetch = fetch })
  const read = deploymentId => logs.getRuntimeLogs({ projectId: project.id, deploymentId, teamId: team.teamId })

  it('shows what a deployment logged', async () => {
    const line = {
      deploymentId: 'dpl_one', message: 'hello', level: 'fatal', source: 'edge', host: 'shop.example', timestamp: 1700000000123,
      path: '/cart', statusCode: 502, proxy: { method: 'GET' },
    }
    await request(team.token, 200, 'POST', `/pintle/v1/logs?teamId=${team.teamId}&projectId=${project.id}`, line)
    const { rowId, ...row } = await read('dpl_one')
    assert.match(rowId, /^1700000000123\d{15}$/)
    assert.deepEqual(row, {
      level: 'error', message: 'hello', source: 'edge-function', timestampInMs: 1700000000123, domain: 'shop.example',
      messageTruncated: false, requestMethod: 'GET', requestPath: '/cart', responseStatusCode: 502,
    })
  })

  it('knows only deployments that have logged', async () => {
    await fails(read('dpl_none'), 404, 'not_found')
  })
})
