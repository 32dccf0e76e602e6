import assert from 'node:assert/strict'
import { before } from 'node:test'
import { fails, onEachSdk } from './sdks.mjs'
import { install, newProject, newTeam, request } from './world.mjs'

onEachSdk('integrations', ({ client, it }) => {
  let team, vercel
  before(async () => {
    team = await newTeam()
    vercel = client(team.token)
  })
  const list = query => vercel.integrations.getConfigurations({ teamId: team.teamId, ...query })

  it('shows a configuration, alone and in both views of the list', async () => {
    const project = await newProject(team)
    const installed = await install(team, { projects: [project.id] })
    const read = await vercel.integrations.getConfiguration({ id: installed.id, teamId: team.teamId })
    assert.deepEqual(
      [read.id, read.integrationId, read.teamId, read.projects],
      [installed.id, installed.integrationId, team.teamId, [project.id]],
    )
    assert.deepEqual((await list({ view: 'account' })).map(c => c.id), [installed.id])
    assert.deepEqual((await list({ view: 'project', integrationIdOrSlug: installed.slug })).map(c => c.id), [installed.id])
    // The SDKs read either view as the first type that fits, which has no integration.
    const query = `view=project&teamId=${team.teamId}`
    const [item] = await request(team.token, 200, 'GET', `/v1/integrations/configurations?${query}`)
    assert.deepEqual([item.id, item.integration.slug, item.integration.isLegacy], [installed.id, installed.slug, false])
    assert.deepEqual(await list({ view: 'account', installationType: 'marketplace' }), [])
    assert.deepEqual(await list({ view: 'account', integrationIdOrSlug: 'no-such-app' }), [])
    const own = client(installed.token).integrations
    assert.equal((await own.getConfiguration({ id: installed.id, teamId: team.teamId })).id, installed.id)
    await vercel.integrations.deleteConfiguration({ id: installed.id, teamId: team.teamId })
  })

  it('refuses what the caller may not', async () => {
    const installed = await install(team, { scopes: ['read:integration-configuration'] })
    const own = client(installed.token).integrations
    const its = { id: installed.id, teamId: team.teamId }
    await fails(own.deleteConfiguration(its), 403, 'forbidden')
    await fails(vercel.integrations.getConfiguration({ ...its, id: 'icfg_unknown' }), 404, 'not_found')
    await fails(vercel.integrations.deleteConfiguration({ ...its, id: 'icfg_unknown' }), 404, 'not_found')
    const neighbour = await newTeam()
    await fails(vercel.integrations.getConfiguration({ ...its, teamId: neighbour.teamId }), 404, 'not_found')
    await fails(vercel.integrations.deleteConfiguration({ ...its, teamId: neighbour.teamId }), 404, 'not_found')
    await fails(client('pnt_unknown').integrations.deleteConfiguration(its), 403, 'forbidden')
    await vercel.integrations.deleteConfiguration(its)
    assert.equal((await fails(own.getConfiguration(its), 403, 'forbidden')).invalidToken, true)
  })

  it('disabled answers its token with the code that clients look for', async () => {
    const installed = await install(team)
    const disable = `/pintle/v1/integrations/configurations/${installed.id}/disable?teamId=${team.teamId}`
    await request(team.token, 200, 'POST', disable)
    const its = { id: installed.id, teamId: team.teamId }
    await fails(client(installed.token).integrations.getConfiguration(its), 403, 'integration_configuration_disabled')
    assert.ok((await vercel.integrations.getConfiguration(its)).disabledAt > 0)
    await vercel.integrations.deleteConfiguration(its)
  })
})
