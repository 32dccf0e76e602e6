import assert from 'node:assert/strict'
import { fails, onEachSdk } from './sdks.mjs'
import { demo, install, newProject, newTeam } from './world.mjs'

/// Everything of a team that an installation can attach, as the account sees it.
async function attached(vercel, team, project) {
  const ours = { teamId: team.teamId }
  const envs = await vercel.projects.filterProjectEnvs({ ...ours, idOrName: project.id })
  const logDrains = await vercel.logDrains.getAllLogDrains(ours)
  const ids = list => list.map(item => item.id).sort()
  return {
    configurations: ids(await vercel.integrations.getConfigurations({ ...ours, view: 'account' })),
    webhooks: ids(await vercel.webhooks.getWebhooks(ours)),
    logDrains: ids(await vercel.logDrains.getIntegrationLogDrains(ours)),
    allLogDrains: ids(Array.isArray(logDrains) ? logDrains : logDrains.drains),
    drains: ids((await vercel.drains.getDrains(ours)).drains),
    envs: ids(Array.isArray(envs) ? envs : envs.envs ?? [envs]),
  }
}

/// One of each kind, made with a token.
async function attach(vercel, team, project, key) {
  const ours = { teamId: team.teamId }
  const url = 'https://example.com/in'
  await vercel.webhooks.createWebhook({ ...ours, requestBody: { url, events: ['project.created'] } })
  const delivery = { type: 'http', endpoint: url, encoding: 'json', headers: {} }
  await vercel.drains.createDrain({ ...ours, requestBody: { name: key, projects: 'all', schemas: { log: { version: 'v1' } }, delivery } })
  const variable = { key, value: 'a', type: 'encrypted', target: ['production'] }
  await vercel.projects.createProjectEnv({ ...ours, idOrName: project.id, requestBody: variable })
}

onEachSdk('the removal of an installation', ({ client, it }) => {
  it('as the documentation page shows it takes what the installation attached, and nothing else', async () => {
    const team = await newTeam()
    const project = await newProject(team)
    const vercel = client(demo.token)
    await attach(vercel, team, project, 'OF_THE_ACCOUNT')
    const neighbour = await install(team)
    await attach(client(neighbour.token), team, project, 'OF_THE_NEIGHBOUR')
    const before = await attached(vercel, team, project)
    const installed = await install(team)
    const own = client(installed.token)
    await attach(own, team, project, 'OWN')
    const logDrain = { name: 'own', url: 'https://example.com/in', deliveryFormat: 'json', sources: ['lambda'] }
    await own.logDrains.createLogDrain({ teamId: team.teamId, requestBody: logDrain })
    const during = await attached(vercel, team, project)
    for (const [kind, ids] of Object.entries(during)) assert.ok(ids.length > before[kind].length, `${kind} did not grow`)

    const { id } = installed
    const { teamId, slug } = team
    await vercel.integrations.deleteConfiguration({ id, teamId, slug })

    assert.deepEqual(await attached(vercel, team, project), before)
    await fails(vercel.integrations.getConfiguration({ id, teamId, slug }), 404, 'not_found')
    await fails(vercel.integrations.deleteConfiguration({ id, teamId, slug }), 404, 'not_found')
    assert.equal((await fails(own.user.getAuthUser(), 403, 'forbidden')).invalidToken, true)
    await client(neighbour.token).user.getAuthUser()
  })

  it('can be asked for by its own token, and once only by two at once', async () => {
    const team = await newTeam()
    const installed = await install(team)
    const remove = token => client(token).integrations.deleteConfiguration({ id: installed.id, teamId: team.teamId })
    const outcomes = await Promise.allSettled([remove(installed.token), remove(demo.token), remove(demo.token)])
    const refused = outcomes.filter(outcome => outcome.status === 'rejected').map(outcome => outcome.reason.statusCode)
    assert.equal(refused.length, 2)
    assert.ok(refused.every(status => status === 404 || status === 403), String(refused))
  })
})
