import assert from 'node:assert/strict'
import { before } from 'node:test'
import { fails, onEachSdk } from './sdks.mjs'
import { install, newProject, newTeam, request } from './world.mjs'

onEachSdk('environment variables', ({ client, it }) => {
  let team, project, projects
  before(async () => {
    team = await newTeam()
    projects = client(team.token).projects
    project = await newProject(team)
  })
  const ours = input => ({ teamId: team.teamId, idOrName: project.id, ...input })
  const list = async query => {
    const answer = await projects.filterProjectEnvs(ours(query))
    return Array.isArray(answer) ? answer : answer.envs ?? [answer]
  }
  const create = async (requestBody, upsert) => (await projects.createProjectEnv(ours({ requestBody, upsert }))).created
  /// 1.16.1 reads this answer as the first of three types that fits, which may be the one without a value.
  const value = async id => {
    await projects.getProjectEnv(ours({ id }))
    return (await request(team.token, 200, 'GET', `/v1/projects/${project.id}/env/${id}?teamId=${team.teamId}`)).value
  }
  const variable = (key, more) => ({ key, value: `value of ${key}`, type: 'encrypted', target: ['production', 'preview'], ...more })

  it('live from creation to deletion', async () => {
    const made = await create(variable('LIFE', { comment: 'a life' }))
    assert.deepEqual([made.key, made.type, made.comment], ['LIFE', 'encrypted', 'a life'])
    assert.equal(await value(made.id), 'value of LIFE')
    const [listed] = await list()
    assert.deepEqual([listed.id, listed.key], [made.id, 'LIFE'])
    assert.equal((await list({ decrypt: 'true' }))[0].value, 'value of LIFE')
    const edited = await projects.editProjectEnv(ours({ id: made.id, requestBody: { value: 'second', target: ['development'] } }))
    assert.deepEqual(edited.target, ['development'])
    assert.equal(await value(made.id), 'second')
    const removed = await projects.removeProjectEnv(ours({ id: made.id }))
    assert.equal((Array.isArray(removed) ? removed[0] : removed).id, made.id)
    await fails(projects.getProjectEnv(ours({ id: made.id })), 404, 'not_found')
    await fails(projects.editProjectEnv(ours({ id: made.id, requestBody: { value: 'x' } })), 404, 'not_found')
    await fails(projects.removeProjectEnv(ours({ id: made.id })), 404, 'not_found')
    assert.deepEqual(await list(), [])
  })

  it('are made many at once, each type and branch, and removed in a batch', async () => {
    const answer = await projects.createProjectEnv(ours({
      requestBody: [
        variable('PLAIN', { type: 'plain' }), variable('SENSITIVE', { type: 'sensitive' }),
        variable('BRANCH', { target: ['preview'], gitBranch: 'feature' }),
      ],
    }))
    assert.deepEqual(answer.created.map(env => env.key).sort(), ['BRANCH', 'PLAIN', 'SENSITIVE'])
    assert.deepEqual(answer.failed, [])
    const sensitive = answer.created.find(env => env.key === 'SENSITIVE')
    assert.equal(await value(sensitive.id), '', 'a sensitive value is never shown')
    assert.deepEqual((await list({ gitBranch: 'feature' })).map(env => env.key).includes('BRANCH'), true)
    const ids = answer.created.map(env => env.id)
    const removed = await projects.batchRemoveProjectEnv(ours({ requestBody: { ids } }))
    assert.equal(removed.deleted, 3)
    assert.deepEqual(await list(), [])
  })

  it('conflict, unless upserted, and partly succeed', async () => {
    const made = await create(variable('TAKEN'))
    await fails(projects.createProjectEnv(ours({ requestBody: variable('TAKEN') })), 400, 'ENV_CONFLICT')
    const upserted = await create(variable('TAKEN', { value: 'newer' }), 'true')
    assert.equal(upserted.id, made.id)
    assert.equal(await value(made.id), 'newer')
    const answer = await projects.createProjectEnv(ours({ requestBody: [variable('TAKEN'), variable('FREE')] }))
    assert.deepEqual(answer.created.map(env => env.key), ['FREE'])
    assert.equal(answer.failed[0].error.code, 'ENV_CONFLICT')
    await projects.batchRemoveProjectEnv(ours({ requestBody: { ids: [made.id, answer.created[0].id] } }))
  })

  it('are refused with what the contract does not allow', async () => {
    await fails(projects.createProjectEnv(ours({ requestBody: variable('1 WRONG') })), 400, 'KEY_INVALID_CHARACTERS')
    await fails(projects.createProjectEnv(ours({ idOrName: 'prj_unknown', requestBody: variable('A') })), 404, 'not_found')
    await fails(projects.filterProjectEnvs(ours({ idOrName: 'prj_unknown' })), 404, 'not_found')
    await fails(projects.batchRemoveProjectEnv(ours({ idOrName: 'prj_unknown', requestBody: { ids: ['x'] } })), 404, 'not_found')
    assert.deepEqual(await list(), [])
  })

  it('of an installation are its own', async () => {
    const installed = await install(team, { scopes: ['read-write:project-env-vars'] })
    const own = client(installed.token).projects
    const account = await create(variable('SHARED_KEY', { target: ['development'] }))
    const made = (await own.createProjectEnv(ours({ requestBody: variable('SHARED_KEY', { target: ['production'] }) }))).created
    assert.equal(made.configurationId, installed.id)
    await fails(own.removeProjectEnv(ours({ id: account.id })), 404, 'not_found')
    assert.equal((await own.getProjectEnv(ours({ id: made.id }))).configurationId, installed.id)
    await client(team.token).integrations.deleteConfiguration({ id: installed.id, teamId: team.teamId })
    assert.deepEqual((await list()).map(env => env.id), [account.id])
    await projects.removeProjectEnv(ours({ id: account.id }))
  })
})
