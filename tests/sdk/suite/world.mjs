// What the suites work on: teams of their own, projects, installations. Made with plain requests, so that the SDK under test
// is not also the tool.
import assert from 'node:assert/strict'
import { startPartner } from '../../partner.mjs'

/// The checking proxy, where the suites run through it.
export const url = process.env.CONFORM_URL ?? process.env.PINTLE_URL
export const demo = JSON.parse(process.env.PINTLE_DEMO)
/// The tokens of an owner and a viewer of the teams `crew-matching` and `crew-newest`, of a user who is in no team yet, and for each SDK of
/// one who is going to be deleted.
export const crew = JSON.parse(process.env.PINTLE_CREW)

let made = 0
/// A name that nothing else in this run has.
export const fresh = stem => `${stem}-${process.pid.toString(36)}-${made++}`

/// A request with a token; answers the parsed body, of an answer that must have this status. What the contract does not have goes
/// past the proxy.
export async function request(token, status, method, path, body) {
  const direct = path.startsWith('/pintle/') || path.startsWith('/v2/oauth/')
  const response = await fetch((direct ? process.env.PINTLE_URL : url) + path, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
    body: body && JSON.stringify(body),
  })
  const text = await response.text()
  assert.equal(response.status, status, `${method} ${path}: ${text}`)
  return text ? JSON.parse(text) : undefined
}

/// A new team of the demo user: its id, slug and a token.
export async function newTeam() {
  const slug = fresh('team')
  const team = await request(demo.token, 200, 'POST', '/v1/teams', { slug, name: slug })
  return { teamId: team.id, slug, token: demo.token }
}

export async function newProject({ teamId, token }, name = fresh('project')) {
  return request(token, 200, 'POST', `/v11/projects?teamId=${teamId}`, { name })
}

const ALL_SCOPES = [
  'read-write:integration-configuration', 'read-write:project', 'read-write:global-project-env-vars', 'read-write:log-drain',
  'read-write:drain', 'read:team', 'read:user',
]

/// Registers an integration in a team and installs it there: its ids, and its own token.
export async function install({ teamId, token }, { scopes = ALL_SCOPES, projects } = {}) {
  const app = { name: 'Suite', slug: fresh('app'), redirectUrl: 'https://example.com/callback', scopes }
  const integration = await request(token, 201, 'POST', `/pintle/v1/integrations?teamId=${teamId}`, app)
  const consent = `/pintle/v1/integrations/${integration.slug}/install?teamId=${teamId}`
  const { code, configuration } = await request(token, 201, 'POST', consent, { projects })
  const exchange = await request('', 200, 'POST', '/v2/oauth/access_token', {
    client_id: integration.id, client_secret: integration.clientSecret, code, redirect_uri: app.redirectUrl,
  })
  return { id: configuration.id, slug: integration.slug, integrationId: integration.id, token: exchange.access_token }
}

/// Registers a native integration in a team and installs it there: its ids, its partner, and the token that the partner was given.
export async function buy({ teamId, token }) {
  const partner = await startPartner(process.env.PINTLE_URL, { teamId, token }, fresh('native'))
  const acceptedPolicies = { privacy: new Date().toISOString(), eula: new Date().toISOString() }
  const path = `/v2/integrations/integration/${partner.slug}/marketplace/install?teamId=${teamId}`
  const { id } = await request(token, 200, 'POST', path, { acceptedPolicies, source: 'cli' })
  return { id, partner, token: partner.installations.get(id).token }
}
