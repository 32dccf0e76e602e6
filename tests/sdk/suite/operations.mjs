// Every operation of the contract that the suites must see answered with success.
export const operations = [
  'getConfigurations', 'getConfiguration', 'deleteConfiguration',
  'createWebhook', 'getWebhooks', 'getWebhook', 'deleteWebhook',
  'createLogDrain', 'getIntegrationLogDrains', 'deleteIntegrationLogDrain',
  'createConfigurableLogDrain', 'getAllLogDrains', 'getConfigurableLogDrain', 'deleteConfigurableLogDrain',
  'createDrain', 'getDrains', 'getDrain', 'updateDrain', 'deleteDrain', 'testDrain',
  'createProject', 'getProjects', 'getProject', 'updateProject', 'deleteProject',
  'filterProjectEnvs', 'createProjectEnv', 'getProjectEnv', 'editProjectEnv', 'removeProjectEnv', 'batchRemoveProjectEnv',
  'getTeams', 'getTeam', 'createTeam', 'patchTeam', 'deleteTeam', 'getTeamMembers', 'updateTeamMember', 'removeTeamMember',
  'getAuthUser', 'listUserEvents', 'getRuntimeLogs',
  'listAuthTokens', 'createAuthToken', 'getAuthToken', 'deleteAuthToken',
]
