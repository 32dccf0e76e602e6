import assert from 'node:assert/strict'
import { before } from 'node:test'
import { fails, onEachSdk } from './sdks.mjs'
import { install, newProject, newTeam } from './world.mjs'

onEachSdk('log drains', ({ client, it }) => {
  let team, project, installed, user, own
  before(async () => {
    team = await newTeam()
    project = await newProject(team)
    installed = await install(team)
    user = client(team.token).logDrains
    own = client(installed.token).logDrains
  })
  const ours = input => ({ teamId: team.teamId, ...input })
  const url = 'https://logs.example.com/in'

  it('of an installation live from creation to deletion', async () => {
    const made = await own.createLogDrain(ours({
      requestBody: { name: 'Own drain', url, deliveryFormat: 'json', sources: ['lambda'], environments: ['production'], projectIds: [project.id], secret: 'whisper', headers: { 'x-from': 'suite' } },
    }))
    assert.match(made.id, /^ld_/)
    assert.deepEqual([made.clientId, made.configurationId, made.createdFrom], [installed.integrationId, installed.id, 'integration'])
    assert.deepEqual([made.name, made.url, made.deliveryFormat, made.sources, made.projectIds], ['Own drain', url, 'json', ['lambda'], [project.id]])
    assert.deepEqual((await own.getIntegrationLogDrains(ours())).map(drain => drain.id), [made.id])
    assert.deepEqual((await user.getIntegrationLogDrains(ours())).map(drain => drain.id), [made.id])
    await own.deleteIntegrationLogDrain(ours({ id: made.id }))
    assert.deepEqual(await own.getIntegrationLogDrains(ours()), [])
    await fails(own.deleteIntegrationLogDrain(ours({ id: made.id })), 404, 'not_found')
  })

  it('of an account live from creation to deletion', async () => {
    const made = await user.createConfigurableLogDrain(ours({
      requestBody: { url, deliveryFormat: 'ndjson', sources: ['build', 'static'], environments: ['preview'], samplingRate: 0.5, name: 'Account drain' },
    }))
    assert.ok(made)
    const drains = await user.getAllLogDrains(ours())
    const [drain] = Array.isArray(drains) ? drains : drains.drains
    assert.match(drain.id, /^ld_/)
    assert.deepEqual([drain.name, drain.delivery.endpoint, drain.delivery.encoding], ['Account drain', url, 'ndjson'])
    assert.ok(await user.getAllLogDrains(ours({ projectId: project.id, includeMetadata: true })))
    assert.ok(await user.getConfigurableLogDrain(ours({ id: drain.id })))
    await user.deleteConfigurableLogDrain(ours({ id: drain.id }))
    await fails(user.getConfigurableLogDrain(ours({ id: drain.id })), 404, 'not_found')
    await fails(user.deleteConfigurableLogDrain(ours({ id: drain.id })), 404, 'not_found')
  })

  it('are refused with what the contract does not allow', async () => {
    const body = { name: 'Drain', url, deliveryFormat: 'json', sources: ['lambda'] }
    await fails(own.createLogDrain(ours({ requestBody: { ...body, url: 'ftp://example.com' } })), 400, 'bad_request')
    await fails(own.createLogDrain(ours({ requestBody: { ...body, name: 'no/slash' } })), 400, 'bad_request')
    await fails(own.createLogDrain(ours({ requestBody: { ...body, projectIds: ['prj_unknown'] } })), 404, 'not_found')
    await fails(user.createConfigurableLogDrain(ours({ requestBody: { ...body, samplingRate: 7 } })), 400, 'bad_request')
    await fails(user.getAllLogDrains({ teamId: 'team_unknown' }), 403, 'team_unauthorized')
    const reader = await install(team, { scopes: ['read:integration-configuration'] })
    await fails(client(reader.token).logDrains.getIntegrationLogDrains(ours()), 403, 'forbidden')
  })
})
