import assert from 'node:assert/strict'
import { before } from 'node:test'
import { fails, onEachSdk } from './sdks.mjs'
import { newProject, newTeam, request } from './world.mjs'

onEachSdk('shared variables', ({ client, it }) => {
  let team, environment, project
  before(async () => {
    team = await newTeam()
    environment = client(team.token).environment
    project = await newProject(team)
  })
  const ours = input => ({ teamId: team.teamId, ...input })
  const create = requestBody => environment.createSharedEnvVariable(ours({ requestBody }))
  const update = updates => environment.updateSharedEnvVariable(ours({ requestBody: { updates } }))
  const list = async query => (await environment.listSharedEnvVariable(ours(query))).data

  it('live from creation to deletion', async () => {
    const { created: [made], failed } = await create({
      evs: [{ key: 'LIFE', value: 'first', comment: 'a life' }], target: ['production', 'preview'], type: 'encrypted', projectId: [project.id],
    })
    assert.deepEqual([made.key, made.type, made.comment, made.projectId, failed], ['LIFE', 'encrypted', 'a life', [project.id], []])
    assert.equal((await environment.getSharedEnvVar(ours({ id: made.id }))).value, 'first')
    assert.deepEqual((await list({ projectId: project.id })).map(one => one.id), [made.id])
    const { updated: [changed] } = await update({ [made.id]: { value: 'second', target: ['development'] } })
    assert.deepEqual(changed.target, ['development'])
    assert.equal((await environment.getSharedEnvVar(ours({ id: made.id }))).value, 'second')
    assert.deepEqual(await environment.unlinkSharedEnvVariable(ours({ id: made.id, projectId: project.id })), { id: made.id })
    const { updated: [linked] } = await update({ [made.id]: { projectIdUpdates: { link: [project.id] } } })
    assert.deepEqual(linked.projectId, [project.id])
    assert.deepEqual(await environment.deleteSharedEnvVariable(ours({ requestBody: { ids: [made.id] } })), { deleted: [made.id], failed: [] })
    await fails(environment.getSharedEnvVar(ours({ id: made.id })), 404, 'not_found')
    assert.deepEqual(await list(), [])
  })

  it('are made many at once, and each may fail alone', async () => {
    const evs = ['FIRST', '1 WRONG', 'SECOND'].map(key => ({ key, value: 'a' }))
    const { created, failed } = await create({ evs, target: ['preview'], type: 'sensitive' })
    assert.deepEqual(created.map(one => [one.key, one.type]), [['FIRST', 'sensitive'], ['SECOND', 'sensitive']])
    assert.deepEqual(failed.map(one => one.error.code), ['KEY_INVALID_CHARACTERS'])
    await fails(create({ evs: [{ key: 'FIRST', value: 'b' }], target: ['preview'] }), 409, 'existing_key_and_target')
    const [first, second] = created.map(one => one.id)
    const answer = await update({ [first]: { comment: 'why' }, [second]: { key: 'RENAMED' } })
    assert.deepEqual([answer.updated.map(one => one.comment), answer.failed.map(one => one.error.code)], [['why'], ['BAD_REQUEST']])
    assert.deepEqual((await list({ search: 'sec' })).map(one => one.key), ['SECOND'])
    const gone = await environment.deleteSharedEnvVariable(ours({ requestBody: { ids: [first, second, 'env_unknown'] } }))
    assert.deepEqual([gone.deleted.sort(), gone.failed.map(one => one.error.code)], [[first, second].sort(), ['not_found']])
  })
})

onEachSdk('custom environments', ({ client, it }) => {
  let team, environment, project
  before(async () => {
    team = await newTeam()
    environment = client(team.token).environment
    project = await newProject(team)
  })
  const ours = input => ({ teamId: team.teamId, idOrName: project.id, ...input })
  /// The contract gives this operation no name, and the two SDKs made up two.
  const list = query => (environment.getProjectsByIdOrNameCustomEnvironments ?? environment.getV9ProjectsIdOrNameCustomEnvironments)
    .call(environment, ours(query))

  it('live from creation to removal', async () => {
    const branchMatcher = { type: 'startsWith', pattern: 'qa/' }
    const made = await environment.createCustomEnvironment(ours({ requestBody: { slug: 'qa', description: 'For testers', branchMatcher } }))
    assert.deepEqual([made.slug, made.type, made.description, made.branchMatcher], ['qa', 'preview', 'For testers', branchMatcher])
    assert.deepEqual(await environment.getCustomEnvironment(ours({ environmentSlugOrId: 'qa' })), made)
    const { accountLimit, environments } = await list({ gitBranch: 'qa/one' })
    assert.deepEqual([accountLimit.total, environments], [12, [made]])
    assert.deepEqual((await list({ gitBranch: 'main' })).environments, [])
    const changed = await environment.updateCustomEnvironment(ours({ environmentSlugOrId: made.id, requestBody: { slug: 'test', branchMatcher: null } }))
    assert.deepEqual([changed.slug, changed.branchMatcher], ['test', undefined])
    const requestBody = { deleteUnassignedEnvironmentVariables: true }
    assert.equal((await environment.removeCustomEnvironment(ours({ environmentSlugOrId: 'test', requestBody }))).id, made.id)
    await fails(environment.getCustomEnvironment(ours({ environmentSlugOrId: 'test' })), 404, 'not_found')
  })

  it('have variables, of their own and copied', async () => {
    const path = `/v10/projects/${project.id}/env?teamId=${team.teamId}`
    await request(team.token, 201, 'POST', path, { key: 'COPIED', value: 'a', type: 'encrypted', target: ['preview'] })
    const { id } = await environment.createCustomEnvironment(ours({ requestBody: { slug: 'copy', copyEnvVarsFrom: 'preview' } }))
    const own = { key: 'OWN', value: 'b', type: 'plain', customEnvironmentIds: [id] }
    await client(team.token).projects.createProjectEnv(ours({ requestBody: own }))
    const { envs } = await client(team.token).projects.filterProjectEnvs(ours({ customEnvironmentSlug: 'copy' }))
    assert.deepEqual(envs.map(env => [env.key, env.customEnvironmentIds]).sort(), [['COPIED', [id]], ['OWN', [id]]])
    await fails(environment.createCustomEnvironment(ours({ requestBody: { slug: 'copy' } })), 400, 'slug_taken')
    await fails(environment.createCustomEnvironment(ours({ requestBody: { slug: 'production' } })), 400, 'bad_request')
    await environment.removeCustomEnvironment(ours({ environmentSlugOrId: 'copy' }))
  })
})
