import assert from 'node:assert/strict'
import { fails, onEachSdk } from './sdks.mjs'
import { demo, fresh, newTeam, request, second } from './world.mjs'

onEachSdk('teams', ({ client, it }) => {
  const teams = client(demo.token).teams

  it('live from creation to deletion', async () => {
    const slug = fresh('crew')
    const made = await teams.createTeam({ slug, name: 'Crew' })
    assert.match(made.id, /^team_/)
    assert.equal(made.slug, slug)
    const read = await teams.getTeam({ teamId: made.id })
    assert.deepEqual([read.id, read.name, read.slug], [made.id, 'Crew', slug])
    const changed = await teams.patchTeam({ teamId: made.id, requestBody: { name: 'Renamed', description: 'of the suites' } })
    assert.deepEqual([changed.name, changed.description], ['Renamed', 'of the suites'])
    assert.ok((await teams.getTeams({ limit: 100 })).teams.some(team => team.id === made.id))
    assert.equal((await teams.deleteTeam({ teamId: made.id, requestBody: { reasons: [{ slug: 'done', description: 'done' }] } })).id, made.id)
    await fails(teams.getTeam({ teamId: made.id }), 403, 'team_unauthorized')
    assert.equal((await teams.getTeams({ limit: 100 })).teams.some(team => team.id === made.id), false)
  })

  it('have members whose roles change', async () => {
    const { teamId } = await newTeam()
    const { user } = await request(second.token, 200, 'GET', '/v2/user')
    await request(demo.token, 200, 'POST', `/pintle/v1/teams/${teamId}/members`, { userId: user.id, role: 'VIEWER' })
    const members = (await teams.getTeamMembers({ teamId })).members
    assert.deepEqual(members.map(member => member.role).sort(), ['OWNER', 'VIEWER'])
    assert.deepEqual((await teams.getTeamMembers({ teamId, role: 'VIEWER' })).members.map(member => member.uid), [user.id])
    await teams.updateTeamMember({ teamId, uid: user.id, requestBody: { role: 'DEVELOPER' } })
    assert.equal((await teams.getTeamMembers({ teamId, search: second.username })).members[0].role, 'DEVELOPER')
    const theirs = client(second.token).teams
    assert.equal((await theirs.getTeam({ teamId })).id, teamId)
    await fails(theirs.patchTeam({ teamId, requestBody: { name: 'Mine' } }), 403, 'forbidden')
    await fails(theirs.deleteTeam({ teamId, requestBody: {} }), 403, 'forbidden')
    await teams.removeTeamMember({ teamId, uid: user.id })
    await fails(theirs.getTeam({ teamId }), 403, 'team_unauthorized')
    await fails(teams.removeTeamMember({ teamId, uid: user.id }), 404, 'not_found')
    await fails(teams.updateTeamMember({ teamId, uid: user.id, requestBody: { role: 'MEMBER' } }), 404, 'not_found')
  })

  it('are refused with a slug that is taken, and to others', async () => {
    const { slug } = await newTeam()
    await fails(teams.createTeam({ slug }), 400, 'team_slug_taken')
    await fails(teams.getTeam({ teamId: 'team_unknown' }), 403, 'team_unauthorized')
    await fails(teams.getTeamMembers({ teamId: 'team_unknown' }), 403, 'team_unauthorized')
    await fails(client(second.token).teams.getTeam({ teamId: demo.teamId }), 403, 'team_unauthorized')
  })
})
