// What a team does with a native integration from the command line, from the first resource to the removal; after each command the server
// is asked what there is.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startPartner } from '../partner.mjs'
import { commandLine } from './cli.mjs'

const demo = JSON.parse(process.env.PINTLE_DEMO)
const team = { teamId: demo.teamId, projectId: demo.projectIds[0] }
let partner, cli, project

async function ask(path, method = 'GET', body) {
  const response = await fetch(`${demo.url}${path}${path.includes('?') ? '&' : '?'}teamId=${team.teamId}`, {
    method, headers: { authorization: `Bearer ${demo.token}` }, body: body && JSON.stringify(body),
  })
  assert.ok(response.ok, `${method} ${path}: ${response.status}`)
  return response.json()
}
const stores = async () => (await ask('/v1/storage/stores')).stores
const store = async name => (await stores()).find(store => store.name === name)
const installations = () => ask(`/v1/integrations/configurations?view=account&integrationIdOrSlug=${partner.slug}`)
/// Of the project, as far as the partner's secrets made them.
const variables = async () => {
  const { envs } = await ask(`/v10/projects/${team.projectId}/env`)
  return envs.filter(env => env.contentHint?.type === 'integration-store-secret').map(env => env.key).sort()
}

/// What it prints on a way that ends well.
async function vercel(...words) {
  const { code, stdout, stderr } = await cli.run(...words)
  assert.equal(code, 0, `vercel ${words.join(' ')} ended with ${code}:\n${stdout}${stderr}`)
  return stdout + stderr
}

before(async () => {
  partner = await startPartner(demo.url, { teamId: team.teamId, token: demo.token }, 'acme-db')
  cli = commandLine(demo, team)
  project = (await ask(`/v9/projects/${team.projectId}`)).name
})
after(() => cli.close())

test('`integration discover`, `categories` and `guide` show what there is to take', async () => {
  assert.match(await vercel('integration', 'discover'), new RegExp(partner.slug))
  await vercel('integration', 'categories')
  assert.match(await vercel('integration', 'guide', partner.slug), /Postgres/)
})

test('`integration add` waits for a person to accept the terms', async () => {
  const { code, stdout } = await cli.run('integration', 'add', partner.slug, '--name', 'main', '-m', 'region=fra1')
  const { reason, policy_links: links } = JSON.parse(stdout)
  assert.deepEqual([code, reason], [1, 'integration_terms_acceptance_required'])
  assert.ok(JSON.stringify(links).includes('https://example.com/eula'), stdout)
  assert.deepEqual([await installations(), await stores()], [[], []])
})

test('`integration add` makes a resource and connects it', async () => {
  const acceptedPolicies = Object.fromEntries(['toc', 'privacy', 'eula'].map(policy => [policy, new Date().toISOString()]))
  await ask(`/v2/integrations/integration/${partner.slug}/marketplace/install`, 'POST', { acceptedPolicies, source: 'cli' })
  await vercel('integration', 'add', partner.slug, '--name', 'main', '-m', 'region=fra1', '--no-env-pull')
  const { status, externalResourceId, metadata, projectsMetadata } = await store('main')
  assert.deepEqual([status, metadata.region, projectsMetadata.map(connected => connected.projectId)], ['available', 'fra1', [team.projectId]])
  assert.equal(partner.resources.get(externalResourceId).name, 'main')
  assert.deepEqual(await variables(), ['PASSWORD', 'URL'])
})

test('`integration add` with a plan, a prefix and no project', async () => {
  await vercel('integration', 'add', `${partner.slug}/${partner.product}`, '--name', 'other', '--plan', 'pro', '-m', 'region=iad1', '--no-connect')
  const { billingPlan, totalConnectedProjects } = await store('other')
  assert.deepEqual([billingPlan.id, totalConnectedProjects], ['pro', 0])
})

test('`integration add` says what is wrong with metadata, and makes nothing', async () => {
  const { code, stdout, stderr } = await cli.run('integration', 'add', partner.slug, '--name', 'wrong', '-m', 'region=mars', '--no-connect')
  assert.equal(code, 1)
  assert.match(stdout + stderr, /region/)
  assert.equal(await store('wrong'), undefined)
})

test('`integration list`, `installations` and `balance` show what there is', async () => {
  const listed = JSON.parse((await cli.run('integration', 'list', '--all', '--json')).stdout)
  assert.deepEqual(listed.resources.map(resource => resource.name).sort(), ['main', 'other'])
  assert.match(await vercel('integration', 'list'), /main/)
  const [{ id }] = await installations()
  assert.ok((await vercel('integration', 'installations')).includes(id))
  assert.ok((await vercel('integration', 'installations', '--integration', partner.slug)).includes(id))
  await vercel('integration', 'balance', partner.slug)
})

test('`integration update` chooses the projects', async () => {
  const selection = async () => {
    const [{ id }] = await installations()
    return (await ask(`/v1/integrations/configuration/${id}`)).projectSelection
  }
  await vercel('integration', 'update', partner.slug, '--projects', team.projectId)
  assert.equal(await selection(), 'selected')
  await vercel('integration', 'update', partner.slug, '--projects', 'all')
  assert.equal(await selection(), 'all')
})

test('`ir inspect` shows a resource', async () => {
  assert.match(await vercel('ir', 'inspect', 'main'), /main/)
})

test('`ir disconnect` and `ir connect` take its variables away and give them back', async () => {
  await vercel('ir', 'disconnect', 'main', project, '--yes')
  assert.deepEqual([(await store('main')).totalConnectedProjects, await variables()], [0, []])
  await vercel('ir', 'connect', 'main', project, '--yes')
  assert.deepEqual(await variables(), ['PASSWORD', 'URL'])
  await vercel('ir', 'connect', 'other', project, '--prefix', 'SECOND_', '--yes')
  assert.deepEqual(await variables(), ['PASSWORD', 'SECOND_PASSWORD', 'SECOND_URL', 'URL'])
})

test('`ir claim` names the page on which a sandbox is claimed', async () => {
  const [{ id }] = await installations()
  const headers = { authorization: `Bearer ${partner.installations.get(id).token}` }
  const tell = async (method, body) => {
    const path = `${demo.url}/v1/installations/${id}/resources/sandbox`
    const { ok, status } = await fetch(path, { method, headers, body: body && JSON.stringify(body) })
    assert.ok(ok, `${method}: ${status}`)
  }
  await tell('PUT', { productId: partner.product, name: 'sandbox', status: 'ready', ownership: 'sandbox' })
  const { code, stdout } = await cli.run('ir', 'claim', 'sandbox')
  const { reason, verification_uri: page } = JSON.parse(stdout)
  assert.deepEqual([code, reason], [1, 'integration_sandbox_claim_required'])
  assert.ok(page.includes(`/sso/integrations/${partner.slug}/${id}?resource_id=${(await store('sandbox')).id}`), page)
  await tell('PATCH', { ownership: 'linked' })
  const again = await cli.run('ir', 'claim', 'sandbox')
  assert.match(again.stdout + again.stderr, /can no longer be claimed/)
  await tell('DELETE')
})

test('`integration remove` refuses while there are resources', async () => {
  const { code } = await cli.run('integration', 'remove', partner.slug, '--yes')
  assert.equal(code, 1)
  assert.deepEqual([(await installations()).length, (await stores()).length], [1, 2])
})

test('`ir remove --disconnect-all` takes a resource away on both sides', async () => {
  for (const name of ['main', 'other']) {
    const { externalResourceId } = await store(name)
    await vercel('ir', 'remove', name, '--disconnect-all', '--yes')
    assert.deepEqual([await store(name), partner.resources.has(externalResourceId)], [undefined, false])
  }
  assert.deepEqual(await variables(), [])
})

test('`integration remove` takes the installation away on both sides', async () => {
  await vercel('integration', 'remove', partner.slug, '--yes')
  assert.deepEqual([await installations(), partner.installations.size], [[], 0])
})
