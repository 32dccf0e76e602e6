import assert from 'node:assert/strict'
import { before } from 'node:test'
import { fails, onEachSdk } from './sdks.mjs'
import { fresh, install, newTeam, request } from './world.mjs'

onEachSdk('projects', ({ client, it }) => {
  let team, projects
  before(async () => {
    team = await newTeam()
    projects = client(team.token).projects
  })
  const ours = input => ({ teamId: team.teamId, ...input })
  /// 1.16.1 has no getProject.
  const read = idOrName => projects.getProject
    ? projects.getProject(ours({ idOrName }))
    : request(team.token, 200, 'GET', `/v9/projects/${idOrName}?teamId=${team.teamId}`)
  const list = async query => {
    const answer = await projects.getProjects(ours(query))
    return (Array.isArray(answer) ? answer : answer.projects).map(project => project.id)
  }

  it('live from creation to deletion', async () => {
    const name = fresh('shop')
    const made = await projects.createProject(ours({
      requestBody: { name, framework: 'nextjs', buildCommand: 'npm run build', environmentVariables: [{ key: 'FIRST', value: 'one', target: ['production'] }] },
    }))
    assert.match(made.id, /^prj_/)
    assert.deepEqual([made.name, made.framework, made.buildCommand, made.accountId], [name, 'nextjs', 'npm run build', team.teamId])
    for (const key of [made.id, name]) assert.equal((await read(key)).id, made.id)
    assert.deepEqual(await list(), [made.id])
    assert.deepEqual(await list({ search: name }), [made.id])
    assert.deepEqual(await list({ search: 'no-such-project' }), [])
    const renamed = fresh('store')
    const changed = await projects.updateProject(ours({ idOrName: name, requestBody: { name: renamed, framework: null, nodeVersion: '22.x', directoryListing: true } }))
    assert.deepEqual([changed.id, changed.name, changed.framework, changed.nodeVersion], [made.id, renamed, null, '22.x'])
    await projects.deleteProject(ours({ idOrName: renamed }))
    await fails(projects.deleteProject(ours({ idOrName: made.id })), 404, 'not_found')
    await fails(projects.updateProject(ours({ idOrName: made.id, requestBody: { name } })), 404, 'not_found')
    await request(team.token, 404, 'GET', `/v9/projects/${made.id}?teamId=${team.teamId}`)
    assert.deepEqual(await list(), [])
  })

  it('are listed page by page', async () => {
    const made = []
    for (let i = 0; i < 5; i++) made.push((await projects.createProject(ours({ requestBody: { name: fresh('page') } }))).id)
    const seen = []
    for (let from; ;) {
      const page = await projects.getProjects(ours({ limit: '2', from }))
      seen.push(...page.projects.map(project => project.id))
      if (page.pagination.next === null || page.pagination.next === undefined) break
      from = String(page.pagination.next)
    }
    assert.deepEqual(seen.sort(), made.sort())
  })

  it('are refused with a name that is taken or wrong, and to who may not', async () => {
    const name = fresh('taken')
    await projects.createProject(ours({ requestBody: { name } }))
    await fails(projects.createProject(ours({ requestBody: { name } })), 409, 'conflict')
    await fails(projects.createProject(ours({ requestBody: { name: 'No Spaces!' } })), 400, 'bad_request')
    await fails(projects.getProjects({ teamId: 'team_unknown' }), 403, 'team_unauthorized')
    const reader = client((await install(team, { scopes: ['read:project'] })).token).projects
    await fails(reader.createProject(ours({ requestBody: { name: fresh('no') } })), 403, 'forbidden')
    await fails(reader.deleteProject(ours({ idOrName: name })), 403, 'forbidden')
    await projects.deleteProject(ours({ idOrName: name }))
  })
})
