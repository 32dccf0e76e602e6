// Who somebody is and whom it works with, from the command line.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { commandLine } from './cli.mjs'

const demo = JSON.parse(process.env.PINTLE_DEMO)
const slug = 'of-the-command-line'
let cli, team

async function ask(path, method = 'GET', body) {
  const response = await fetch(demo.url + path, {
    method, headers: { authorization: `Bearer ${demo.token}` }, body: body && JSON.stringify(body),
  })
  assert.ok(response.ok, `${method} ${path}: ${response.status}`)
  return response.json()
}

/// What it prints on a way that ends well.
async function vercel(...words) {
  const { code, stdout, stderr } = await cli.run(...words)
  assert.equal(code, 0, `vercel ${words.join(' ')} ended with ${code}:\n${stdout}${stderr}`)
  return stdout + stderr
}

before(async () => {
  cli = commandLine(demo, { teamId: demo.teamId, projectId: demo.projectIds[0] })
  team = await ask('/v1/teams', 'POST', { slug, name: 'Of the command line' })
})
after(() => cli.close())

test('`whoami` names the user', async () => {
  const { user } = await ask('/v2/user')
  assert.match(await vercel('whoami'), new RegExp(user.username))
})

test('`teams ls` lists the teams', async () => {
  const { teams } = await ask('/v2/teams')
  const listed = await vercel('teams', 'ls')
  for (const { slug } of teams) assert.ok(listed.includes(slug), listed)
})

test('`teams invite` invites', async () => {
  await vercel('teams', 'invite', 'nobody@example.com', '--scope', slug)
  const { emailInviteCodes } = await ask(`/v3/teams/${team.id}/members`)
  assert.deepEqual(emailInviteCodes.map(invite => invite.email), ['nobody@example.com'])
})

test('`teams members` lists who belongs to it', async () => {
  const { user } = await ask('/v2/user')
  assert.match(await vercel('teams', 'members', '--scope', slug), new RegExp(user.username))
})

test('`project members` and `project access-groups` show who may what in a project', async () => {
  const { name } = await ask(`/v9/projects/${demo.projectIds[0]}?teamId=${demo.teamId}`)
  await ask(`/v1/access-groups?teamId=${demo.teamId}`, 'POST', { name: 'Web', projects: [{ projectId: demo.projectIds[0], role: 'ADMIN' }] })
  await vercel('project', 'members', name)
  assert.match(await vercel('project', 'access-groups', name), /Web/)
})
