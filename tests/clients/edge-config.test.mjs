// An edge config that the command line makes and fills, read by the library that applications have, with a connection string.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createClient } from '@vercel/edge-config'
import { commandLine } from './cli.mjs'

const demo = JSON.parse(process.env.PINTLE_DEMO)
let cli, id, token

/// What it prints on a way that ends well, as JSON.
async function vercel(...words) {
  const { code, stdout, stderr } = await cli.run('global-config', ...words, '--json')
  assert.equal(code, 0, `vercel global-config ${words.join(' ')} ended with ${code}:\n${stdout}${stderr}`)
  return JSON.parse(stdout)
}
const reader = (options, secret = token) => createClient(`${demo.url}/${id}?token=${secret}`, options)
const patch = items => vercel('update', 'flags', '--patch', JSON.stringify(items))

before(() => { cli = commandLine(demo, { teamId: demo.teamId, projectId: demo.projectIds[0] }) })
after(() => cli.close())

test('`global-config create`, `list`, `inspect` and `update`', async () => {
  const made = await vercel('create', 'flag', '--items', JSON.stringify({ dark: true, limits: { a: [1, null] } }))
  id = made.id
  await vercel('update', id, '--slug', 'flags')
  assert.ok((await vercel('list')).some(config => config.id === id && config.slug === 'flags'))
  assert.equal((await vercel('inspect', 'flags')).itemCount, 2)
  await patch([{ operation: 'create', key: 'text', value: 'hello' }])
  assert.deepEqual((await vercel('items', 'flags')).map(item => item.key), ['dark', 'limits', 'text'])
  assert.equal((await vercel('items', 'flags', '--key', 'text')).value, 'hello')
})

test('`global-config tokens` makes one and lists it without its value', async () => {
  const made = await vercel('tokens', 'flags', '--add', 'site')
  token = made.token
  const [listed] = await vercel('tokens', 'flags')
  assert.deepEqual([listed.id, listed.label, listed.partialToken.slice(-4)], [made.id, 'site', token.slice(-4)])
})

test('the library reads items, all of them, some of them, and the digest', async () => {
  const client = reader()
  assert.equal(client.connection.id, id)
  assert.equal(await client.get('dark'), true)
  assert.deepEqual(await client.get('limits'), { a: [1, null] })
  assert.equal(await client.get('unknown'), undefined)
  assert.deepEqual([await client.has('dark'), await client.has('unknown')], [true, false])
  assert.deepEqual(await client.getAll(), { dark: true, limits: { a: [1, null] }, text: 'hello' })
  assert.deepEqual(await client.getAll(['text', 'unknown', 'dark']), { text: 'hello', dark: true })
  assert.match(await client.digest(), /^[0-9a-f]{64}$/)
})

test('what it has kept is confirmed, and what is new is read at once', async () => {
  const client = reader()
  const digest = await client.digest()
  assert.equal(await client.get('text'), 'hello')
  // Now it asks with the tag, and is answered 304.
  assert.equal(await client.get('text'), 'hello')
  await patch([{ operation: 'update', key: 'text', value: 'bye' }, { operation: 'delete', key: 'dark' }])
  assert.equal(await client.get('text'), 'bye')
  assert.equal(await client.get('text', { consistentRead: true }), 'bye')
  assert.equal(await client.get('dark'), undefined)
  assert.notEqual(await client.digest(), digest)
})

test('`global-config backups` brings back what was there', async () => {
  const { backups } = await vercel('backups', 'flags')
  const restored = await vercel('backups', 'flags', '--restore', backups[1].id, '--yes')
  assert.equal(restored.restoredFrom, backups[1].id)
  assert.equal(await reader().get('text'), 'hello')
})

test('a token that is not good, or not any more, reads nothing', async () => {
  await assert.rejects(reader({}, 'wrong').get('text'), /Unauthorized/)
  await assert.rejects(createClient(`${demo.url}/ecfg_unknown?token=${token}`).get('text'), /Edge Config not found/)
  await vercel('tokens', 'flags', '--remove', token, '--yes')
  await assert.rejects(reader().has('text'), /Unauthorized/)
})

test('`global-config remove`', async () => {
  await vercel('remove', 'flags', '--yes')
  assert.ok((await vercel('list')).every(config => config.id !== id))
  await assert.rejects(reader().getAll(), /Edge Config not found/)
})
