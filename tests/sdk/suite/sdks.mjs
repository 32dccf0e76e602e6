// The two releases of the official SDK, and how a suite runs on each.
//
// 1.16.1 has the contract's own types and refuses a response that breaks them. The newest fills what is missing with zeros and
// empty texts instead, but counts how often: a test on it fails unless it had nothing to fill.
import { test, describe } from 'node:test'
import assert from 'node:assert/strict'
import { Vercel as Matching } from '@vercel/sdk'
import { Vercel as Newest } from 'sdk-newest'
import { startCountingUnrecognized } from 'sdk-newest/types/unrecognized.js'
import { startCountingDefaultToZeroValue } from 'sdk-newest/types/defaultToZeroValue.js'
import { url } from './world.mjs'

const plainly = body => body()

async function strictly(body) {
  const counters = { unrecognized: startCountingUnrecognized(), filled: startCountingDefaultToZeroValue() }
  await body()
  const counted = Object.fromEntries(Object.entries(counters).map(([name, counter]) => [name, counter.end()]))
  assert.deepEqual(counted, { unrecognized: 0, filled: 0 }, 'the SDK had to be lenient')
}

const sdks = [
  { name: '@vercel/sdk 1.16.1', short: 'matching', Vercel: Matching, run: plainly },
  { name: '@vercel/sdk 1.28.35', short: 'newest', Vercel: Newest, run: strictly },
]

/// Describes a group on each SDK: `body` is given `client(token)`, `it(name, body)` and the SDK's short name. `it.lenient` is for
/// answers in which the newest SDK counts what it tried before it found the right type.
export function onEachSdk(group, body) {
  for (const sdk of sdks) {
    describe(`${group}, ${sdk.name}`, { concurrency: false }, () => {
      const client = token => new sdk.Vercel({ bearerToken: token, serverURL: url })
      const it = (name, inner) => test(name, () => sdk.run(inner))
      it.lenient = test
      body({ client, it, sdk: sdk.short })
    })
  }
}

/// The call must be answered with this status and `error.code`, in a body that the SDK can read.
export async function fails(call, status, code) {
  const error = await call.then(value => assert.fail(`answered ${JSON.stringify(value)}`), error => error)
  assert.equal(error.statusCode, status, error.stack)
  assert.notEqual(error.name, 'ResponseValidationError', error.message)
  const body = JSON.parse(error.body).error
  assert.equal(body.code, code, body.message)
  assert.equal(typeof body.message, 'string')
  return body
}
