import assert from 'node:assert/strict'
import { fails, onEachSdk } from './sdks.mjs'
import { crew, fresh, newProject, request } from './world.mjs'

onEachSdk('access groups and members of projects', ({ client, it, sdk }) => {
  const { accessGroups, projectMembers, user } = client(crew.owner)
  const guest = client(crew.guest)

  /// A team with a contributor, and a project.
  async function world() {
    const slug = fresh('team')
    const { id: teamId } = await client(crew.owner).teams.createTeam({ slug })
    const { uid } = await request(crew.owner, 200, 'POST', `/v1/teams/${teamId}/members`, { email: 'guest@example.com', role: 'CONTRIBUTOR' })
    const project = await newProject({ teamId, token: crew.owner })
    return { teamId, uid, projectId: project.id }
  }
  const visible = async teamId => (await request(crew.guest, 200, 'GET', `/v9/projects?teamId=${teamId}`)).projects.map(project => project.id)

  it('give their members what they say', async () => {
    const { teamId, uid, projectId } = await world()
    const ours = input => ({ teamId, ...input })
    const made = await accessGroups.createAccessGroup(ours({ requestBody: { name: 'Web', membersToAdd: [uid], projects: [{ projectId, role: 'PROJECT_VIEWER' }] } }))
    assert.deepEqual([made.name, made.membersCount, made.projectsCount], ['Web', 1, 1])
    const idOrName = made.accessGroupId
    assert.equal((await accessGroups.readAccessGroup(ours({ idOrName }))).name, 'Web')
    assert.deepEqual(await visible(teamId), [projectId])
    const listed = await accessGroups.listAccessGroups(ours({ projectId, membersLimit: 10, projectsLimit: 10 }))
    assert.deepEqual([listed.accessGroups[0].members, listed.accessGroups[0].projects], [[uid], [projectId]])
    assert.deepEqual((await accessGroups.listAccessGroupMembers(ours({ idOrName }))).members.map(member => member.uid), [uid])
    const projects = await accessGroups.listAccessGroupProjects(ours({ idOrName }))
    assert.deepEqual(projects.projects.map(project => [project.projectId, project.role]), [[projectId, 'PROJECT_VIEWER']])
    const changed = await accessGroups.updateAccessGroup(ours({ idOrName, requestBody: { name: 'Renamed', membersToRemove: [uid] } }))
    assert.deepEqual([changed.name, changed.membersCount], ['Renamed', 0])
    assert.deepEqual(await visible(teamId), [])
    await accessGroups.deleteAccessGroup(ours({ idOrName }))
    await fails(accessGroups.readAccessGroup(ours({ idOrName })), 404, 'not_found')
  })

  it('have roles in projects that are made, changed and taken away', async () => {
    const { teamId, projectId } = await world()
    await accessGroups.createAccessGroup({ teamId, requestBody: { name: 'Web' } })
    const ours = input => ({ teamId, accessGroupIdOrName: 'Web', ...input })
    assert.equal((await accessGroups.createAccessGroupProject(ours({ requestBody: { projectId, role: 'ADMIN' } }))).role, 'ADMIN')
    assert.equal((await accessGroups.readAccessGroupProject(ours({ projectId }))).projectId, projectId)
    assert.equal((await accessGroups.updateAccessGroupProject(ours({ projectId, requestBody: { role: 'PROJECT_VIEWER' } }))).role, 'PROJECT_VIEWER')
    await accessGroups.deleteAccessGroupProject(ours({ projectId }))
    await fails(accessGroups.readAccessGroupProject(ours({ projectId })), 404, 'not_found')
    await fails(accessGroups.createAccessGroup({ teamId, requestBody: { name: 'Web' } }), 400, 'access_group_name_taken')
  })

  it('members of a project come, are listed and go', async () => {
    const { teamId, uid, projectId } = await world()
    const ours = input => ({ teamId, idOrName: projectId, ...input })
    assert.equal((await projectMembers.addProjectMember(ours({ requestBody: { uid, role: 'PROJECT_DEVELOPER' } }))).id, projectId)
    const { members } = await projectMembers.getProjectMembers(ours({ limit: 10 }))
    assert.deepEqual(members.map(member => [member.uid, member.role, member.computedProjectRole, member.teamRole]), [[uid, 'PROJECT_DEVELOPER', 'PROJECT_DEVELOPER', 'CONTRIBUTOR']])
    assert.deepEqual(await visible(teamId), [projectId])
    await fails(guest.projectMembers.addProjectMember(ours({ requestBody: { uid, role: 'ADMIN' } })), 403, 'forbidden')
    assert.equal((await projectMembers.removeProjectMember(ours({ uid }))).id, projectId)
    await fails(projectMembers.removeProjectMember(ours({ uid })), 404, 'not_found')
    const { events } = await user.listUserEvents({ teamId, types: 'project-member-added,project-member-removed' })
    assert.equal(events.length, 2)
  })
})
