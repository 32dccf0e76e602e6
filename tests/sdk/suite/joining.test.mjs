import assert from 'node:assert/strict'
import { fails, onEachSdk } from './sdks.mjs'
import { crew, demo, fresh, request } from './world.mjs'

onEachSdk('joining a team', ({ client, it, sdk }) => {
  const { teams } = client(crew.owner)
  const guest = client(crew.guest)
  /// Newer clients send a list.
  const invite = (teamId, body) => teams.inviteUserToTeam({ teamId, requestBody: sdk === 'newest' ? [body] : body })
  const made = async () => (await teams.createTeam({ slug: fresh('join') })).id
  const members = async teamId => (await request(crew.owner, 200, 'GET', `/v3/teams/${teamId}/members`))
  const leave = (teamId, uid) => teams.removeTeamMember({ teamId, uid })

  it('by an invitation', async () => {
    const teamId = await made()
    const added = await invite(teamId, { email: 'guest@example.com', role: 'VIEWER' })
    assert.deepEqual([added.email, added.username, added.role], ['guest@example.com', 'guest', 'VIEWER'])
    assert.equal((await guest.teams.getTeam({ teamId })).id, teamId)
    await fails(invite(teamId, { email: 'guest@example.com' }), 400, 'already_member')
    const waiting = await invite(teamId, { email: 'nobody@example.com', role: 'DEVELOPER' })
    const [{ id: inviteId, email }] = (await members(teamId)).emailInviteCodes
    assert.deepEqual([inviteId, email], [waiting.uid, 'nobody@example.com'])
    assert.equal((await teams.deleteTeamInviteCode({ teamId, inviteId })).id, teamId)
    await fails(teams.deleteTeamInviteCode({ teamId, inviteId }), 404, 'not_found')
  })

  it('with its code', async () => {
    const teamId = await made()
    const { inviteCode } = await request(crew.owner, 200, 'GET', `/v2/teams/${teamId}`)
    await fails(guest.teams.joinTeam({ teamId, requestBody: { inviteCode: 'wrong' } }), 404, 'not_found')
    const joined = await guest.teams.joinTeam({ teamId, requestBody: { inviteCode } })
    assert.deepEqual([joined.teamId, joined.from], [teamId, 'link'])
  })

  it('on request', async () => {
    const teamId = await made()
    const requestBody = { joinedFrom: { origin: 'teams' } }
    assert.equal((await guest.teams.requestAccessToTeam({ teamId, requestBody })).confirmed, false)
    const { user: { id: userId } } = await guest.user.getAuthUser()
    const asked = await teams.getTeamAccessRequest({ teamId, userId })
    assert.deepEqual([asked.confirmed, asked.joinedFrom.origin], [false, 'teams'])
    await teams.updateTeamMember({ teamId, uid: userId, requestBody: { confirmed: true, role: 'VIEWER' } })
    assert.equal((await guest.teams.getTeamAccessRequest({ teamId, userId })).confirmed, true)
    await leave(teamId, userId)
    await guest.teams.requestAccessToTeam({ teamId, requestBody })
    await leave(teamId, userId)
    await fails(guest.teams.getTeamAccessRequest({ teamId, userId }), 404, 'not_found')
  })

  it('and the end of a user', async () => {
    const leaver = crew.leavers[sdk]
    const { user } = await client(leaver).user.getAuthUser()
    const gone = await client(leaver).user.requestDelete({ reasons: [{ slug: 'done', description: 'done' }] })
    assert.deepEqual([gone.id, gone.email], [user.id, user.email])
    await fails(client(leaver).user.getAuthUser(), 403, 'forbidden')
    await fails(client(demo.token).user.requestDelete({}), 400, 'last_owner')
  })
})
