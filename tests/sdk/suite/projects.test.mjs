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
  /// The newest has lost some operations.
  const either = (name, at, method, path, body) => projects[name]
    ? projects[name](ours({ ...at, requestBody: body }))
    : request(team.token, 200, method, `${path}?teamId=${team.teamId}`, body)
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

  it('have domains', async () => {
    const { id } = await projects.createProject(ours({ requestBody: { name: fresh('site') } }))
    const other = await projects.createProject(ours({ requestBody: { name: fresh('other') } }))
    const name = `${fresh('www')}.example.com`
    const at = { idOrName: id, domain: name }
    const added = await projects.addProjectDomain(ours({ idOrName: id, requestBody: { name } }))
    assert.deepEqual([added.name, added.apexName, added.verified], [name, 'example.com', true])
    const { domains } = await projects.getProjectDomains(ours({ idOrName: id, production: 'true' }))
    assert.deepEqual(domains.map(domain => domain.name), [name])
    const changed = await projects.updateProjectDomain(ours({ ...at, requestBody: { redirect: 'example.com', redirectStatusCode: 308 } }))
    assert.deepEqual([changed.redirect, changed.redirectStatusCode], ['example.com', 308])
    assert.equal((await projects.getProjectDomain(ours(at))).redirect, 'example.com')
    assert.equal((await projects.verifyProjectDomain(ours(at))).verified, true)
    const moved = await projects.moveProjectDomain(ours({ ...at, requestBody: { projectId: other.id } }))
    assert.equal(moved.projectId, other.id)
    await projects.removeProjectDomain(ours({ ...at, idOrName: other.id, requestBody: { removeRedirects: true } }))
    await fails(projects.getProjectDomain(ours({ ...at, idOrName: other.id })), 404, 'not_found')
  })

  it('are paused and certified', async () => {
    const { id } = await projects.createProject(ours({ requestBody: { name: fresh('site') } }))
    await projects.pauseProject(ours({ projectId: id }))
    await projects.unpauseProject(ours({ projectId: id }))
    const cached = await either('updateProjectDataCache', { projectId: id }, 'PATCH', `/v1/data-cache/projects/${id}`, { disabled: true })
    assert.equal(cached.dataCache.userDisabled, true)
    const pem = { cert: 'c', key: 'k', ca: 'a', skipValidation: true }
    const uploaded = await either('uploadProjectClientCert', { idOrName: id }, 'POST', `/v1/projects/${id}/client-cert`, pem)
    const { clientCerts } = await either('getProjectClientCerts', { idOrName: id }, 'GET', `/v1/projects/${id}/client-cert`)
    assert.deepEqual(clientCerts.map(cert => cert.id), [uploaded.certId])
  })

  it.lenient('are bypassed', async () => {
    const { id } = await projects.createProject(ours({ requestBody: { name: fresh('site') } }))
    const { protectionBypass } = await projects.updateProjectProtectionBypass(ours({ idOrName: id, requestBody: {} }))
    assert.equal(Object.values(protectionBypass)[0].scope, 'automation-bypass')
  })

  it('go to another team', async () => {
    const { id } = await projects.createProject(ours({ requestBody: { name: fresh('gift') } }))
    const taker = await newTeam()
    const { code } = await projects.createProjectTransferRequest(ours({ idOrName: id, requestBody: {} }))
    const answer = await client(taker.token).projects.acceptProjectTransferRequest({ teamId: taker.teamId, code, requestBody: {} })
    assert.deepEqual(answer.resourceTransferErrors ?? [], [])
    assert.equal((await request(taker.token, 200, 'GET', `/v9/projects/${id}?teamId=${taker.teamId}`)).id, id)
  })
})
