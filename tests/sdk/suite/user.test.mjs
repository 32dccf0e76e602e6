import assert from 'node:assert/strict'
import { fails, onEachSdk } from './sdks.mjs'
import { demo, fresh, install, newProject, newTeam } from './world.mjs'

onEachSdk('user and tokens', ({ client, it }) => {
  const vercel = client(demo.token)

  it('tells who the caller is', async () => {
    const { user } = await vercel.user.getAuthUser()
    assert.equal(user.id, demo.userId)
    const team = await newTeam()
    const installed = await install(team)
    assert.equal((await client(installed.token).user.getAuthUser()).user.id, demo.userId)
    const nobody = await fails(client('pnt_unknown').user.getAuthUser(), 403, 'forbidden')
    assert.equal(nobody.invalidToken, true)
  })

  it('lists what happened, newest first, page by page', async () => {
    const team = await newTeam()
    for (let i = 0; i < 3; i++) await newProject(team)
    const installed = await install(team)
    await vercel.integrations.deleteConfiguration({ id: installed.id, teamId: team.teamId })
    const all = (await vercel.user.listUserEvents({ teamId: team.teamId, limit: 100, withPayload: 'true' })).events
    assert.ok(all.length >= 5, `only ${all.length} events`)
    const times = all.map(event => Number(event.createdAt))
    assert.deepEqual(times, [...times].sort((a, b) => b - a))
    const removed = (await vercel.user.listUserEvents({ teamId: team.teamId, types: 'integration-installation-removed' })).events
    assert.equal(removed.length, 1)
    const first = (await vercel.user.listUserEvents({ teamId: team.teamId, limit: 2 })).events
    const rest = (await vercel.user.listUserEvents({ teamId: team.teamId, limit: 100, until: String(Number(first.at(-1).createdAt)) })).events
    assert.deepEqual([...first, ...rest].map(event => event.id).sort(), all.map(event => event.id).sort())
    await fails(vercel.user.listUserEvents({ teamId: 'team_unknown' }), 403, 'team_unauthorized')
  })

  it('makes tokens, shows them without their value, and ends them', async () => {
    const { authentication } = vercel
    const name = fresh('token')
    const made = await authentication.createAuthToken({ requestBody: { name, expiresAt: Date.now() + 3_600_000 } })
    assert.equal(made.token.name, name)
    assert.equal((await client(made.bearerToken).user.getAuthUser()).user.id, demo.userId)
    const read = await authentication.getAuthToken({ tokenId: made.token.id })
    assert.equal(read.token.id, made.token.id)
    assert.equal(JSON.stringify(read).includes(made.bearerToken), false)
    const listed = (await authentication.listAuthTokens()).tokens
    assert.ok(listed.some(token => token.id === made.token.id))
    assert.equal((await authentication.deleteAuthToken({ tokenId: made.token.id })).tokenId, made.token.id)
    assert.equal((await fails(client(made.bearerToken).user.getAuthUser(), 403, 'forbidden')).invalidToken, true)
    await fails(authentication.getAuthToken({ tokenId: made.token.id }), 404, 'not_found')
    await fails(authentication.deleteAuthToken({ tokenId: made.token.id }), 404, 'not_found')
  })

  it('bounds a token to a team', async () => {
    const team = await newTeam()
    const other = await newTeam()
    const made = await vercel.authentication.createAuthToken({ teamId: team.teamId, requestBody: { name: fresh('token') } })
    const bound = client(made.bearerToken)
    assert.equal((await bound.teams.getTeam({ teamId: team.teamId })).id, team.teamId)
    await fails(bound.teams.getTeam({ teamId: other.teamId }), 404, 'not_found')
    await vercel.authentication.deleteAuthToken({ tokenId: made.token.id })
  })
})
