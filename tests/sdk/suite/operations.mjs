/// Operations without an id are known by their method and path.
function experiment(operation) {
  const [method, path] = operation.split(' ')
  return `${method} /v1/installations/{integrationConfigurationId}/resources/{resourceId}/experimentation/${path}`
}

// Every operation of the contract that the suites must see answered with success.
export const operations = [
  'getConfigurations', 'getConfiguration', 'deleteConfiguration', 'getConfigurationProducts', 'getBillingPlans',
  'createIntegrationStoreDirect', 'connectIntegrationResourceToProject', 'update-integration-deployment-action', 'exchange-sso-token',
  'update-installation', 'get-account-info', 'get-member', 'create-event',
  'get-integration-resources', 'get-integration-resource', 'import-resource', 'update-resource', 'delete-integration-resource',
  'update-resource-secrets', 'update-resource-secrets-by-id',
  'submit-billing-data', 'submit-invoice', 'get-invoice', 'update-invoice', 'submit-prepayment-balances',
  ...['post items', 'patch items/{itemId}', 'delete items/{itemId}', 'head edge-config', 'put edge-config'].map(experiment),
  'createWebhook', 'getWebhooks', 'getWebhook', 'deleteWebhook',
  'createLogDrain', 'getIntegrationLogDrains', 'deleteIntegrationLogDrain',
  'createConfigurableLogDrain', 'getAllLogDrains', 'getConfigurableLogDrain', 'deleteConfigurableLogDrain',
  'createDrain', 'getDrains', 'getDrain', 'updateDrain', 'deleteDrain', 'testDrain',
  'getEdgeConfigs', 'createEdgeConfig', 'getEdgeConfig', 'updateEdgeConfig', 'deleteEdgeConfig', 'getEdgeConfigItems', 'patchEdgeConfigItems',
  'getEdgeConfigItem', 'getEdgeConfigSchema', 'patchEdgeConfigSchema', 'deleteEdgeConfigSchema', 'getEdgeConfigTokens',
  'deleteEdgeConfigTokens', 'getEdgeConfigToken', 'createEdgeConfigToken', 'getEdgeConfigBackup', 'getEdgeConfigBackups',
  'createProject', 'getProjects', 'getProject', 'updateProject', 'deleteProject',
  'getProjectDomains', 'addProjectDomain', 'getProjectDomain', 'updateProjectDomain', 'removeProjectDomain', 'moveProjectDomain',
  'verifyProjectDomain', 'pauseProject', 'unpauseProject', 'updateProjectDataCache', 'updateProjectProtectionBypass',
  'uploadProjectClientCert', 'getProjectClientCerts', 'createProjectTransferRequest', 'acceptProjectTransferRequest',
  'filterProjectEnvs', 'createProjectEnv', 'getProjectEnv', 'editProjectEnv', 'removeProjectEnv', 'batchRemoveProjectEnv',
  'createSharedEnvVariable', 'listSharedEnvVariable', 'updateSharedEnvVariable', 'deleteSharedEnvVariable', 'getSharedEnvVar',
  'unlinkSharedEnvVariable', 'createCustomEnvironment', 'getCustomEnvironment', 'updateCustomEnvironment', 'removeCustomEnvironment',
  'GET /v9/projects/{idOrName}/custom-environments',
  'getTeams', 'getTeam', 'createTeam', 'patchTeam', 'deleteTeam', 'getTeamMembers', 'updateTeamMember', 'removeTeamMember',
  'inviteUserToTeam', 'deleteTeamInviteCode', 'joinTeam', 'requestAccessToTeam', 'getTeamAccessRequest', 'requestDelete',
  'getProjectMembers', 'addProjectMember', 'removeProjectMember',
  'listAccessGroups', 'createAccessGroup', 'readAccessGroup', 'updateAccessGroup', 'deleteAccessGroup', 'listAccessGroupMembers',
  'listAccessGroupProjects', 'createAccessGroupProject', 'readAccessGroupProject', 'updateAccessGroupProject', 'deleteAccessGroupProject',
  'getAuthUser', 'listUserEvents', 'getRuntimeLogs',
  'listAuthTokens', 'createAuthToken', 'getAuthToken', 'deleteAuthToken',
]
