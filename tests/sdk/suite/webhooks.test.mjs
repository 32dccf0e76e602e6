import assert from 'node:assert/strict'
import { before } from 'node:test'
import { fails, onEachSdk } from './sdks.mjs'
import { install, newProject, newTeam } from './world.mjs'

onEachSdk('webhooks', ({ client, it }) => {
  let team, project, webhooks
  before(async () => {
    team = await newTeam()
    project = await newProject(team)
    webhooks = client(team.token).webhooks
  })
  const body = () => ({ url: 'https://example.com/hook', events: ['project.created', 'integration-configuration.removed'] })
  const create = requestBody => webhooks.createWebhook({ teamId: team.teamId, requestBody })
  const all = () => webhooks.getWebhooks({ teamId: team.teamId })

  it('lives from creation to deletion', async () => {
    const made = await create({ ...body(), projectIds: [project.id] })
    assert.match(made.id, /^account_hook_/)
    assert.ok(made.secret.length > 0)
    assert.deepEqual(made.projectIds, [project.id])
    const read = await webhooks.getWebhook({ id: made.id, teamId: team.teamId })
    assert.deepEqual(read.events, body().events)
    assert.equal('secret' in read, false)
    assert.deepEqual((await all()).map(hook => hook.id), [made.id])
    assert.deepEqual(await webhooks.getWebhooks({ slug: team.slug, projectId: project.id }).then(hooks => hooks.map(h => h.id)), [made.id])
    await webhooks.deleteWebhook({ id: made.id, teamId: team.teamId })
    assert.deepEqual(await all(), [])
    await fails(webhooks.getWebhook({ id: made.id, teamId: team.teamId }), 404, 'not_found')
    await fails(webhooks.deleteWebhook({ id: made.id, teamId: team.teamId }), 404, 'not_found')
  })

  it('is refused with a wrong URL, an unknown project, or for a team that is not the caller\'s', async () => {
    await fails(create({ ...body(), url: 'ftp://example.com' }), 400, 'bad_request')
    await fails(create({ ...body(), events: [] }), 400, 'bad_request')
    await fails(create({ ...body(), projectIds: ['prj_unknown'] }), 404, 'not_found')
    await fails(webhooks.getWebhooks({ teamId: 'team_unknown' }), 403, 'team_unauthorized')
    assert.equal((await fails(client('pnt_unknown').webhooks.getWebhooks({}), 403, 'forbidden')).invalidToken, true)
    assert.deepEqual(await all(), [])
  })

  it('of an installation is seen by it and by the account, and ends with it', async () => {
    const installed = await install(team)
    const own = client(installed.token)
    const made = await own.webhooks.createWebhook({ teamId: team.teamId, requestBody: body() })
    const account = await create(body())
    assert.deepEqual((await own.webhooks.getWebhooks({ teamId: team.teamId })).map(hook => hook.id), [made.id])
    assert.deepEqual((await all()).map(hook => hook.id).sort(), [made.id, account.id].sort())
    await fails(own.webhooks.deleteWebhook({ id: account.id, teamId: team.teamId }), 404, 'not_found')
    await own.integrations.deleteConfiguration({ id: installed.id, teamId: team.teamId })
    assert.deepEqual((await all()).map(hook => hook.id), [account.id])
  })
})
